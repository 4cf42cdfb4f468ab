// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsModel
import MeropsScreens

struct TreeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tree",
    abstract: "Show the processes as a tree, with what each of them did lately.",
    discussion: """
      EXAMPLES
        merops tree                    all processes
        merops tree 4711               one, and what it started
        merops tree --since 1h         with what they did in the last hour
      """)

  @OptionGroup var agent: AgentOptions
  @Argument(help: "A process id, or the id of an event: its process.")
  var root: String?
  @Option(help: ArgumentHelp("Count what was done from then on.", valueName: "time"))
  var since = "10m"
  @Flag(help: "Show the kernel's own threads, too.")
  var all = false
  @Flag(help: "As JSON lines: each process as the event that created it.")
  var json = false

  func run() throws {
    if json { return Output.bytes(try agent.client.get("/v1/processes?limit=1000000&format=json")) }
    // The kernel's own threads are below the second process.
    let processes = try events("/v1/processes?limit=1000000&format=packed").map(\.process).filter { process in
      all || root != nil || process.key.pid != 2 && !process.ancestors.contains { $0.key.pid == 2 }
    }
    let key = try rootKey(processes)
    var request = EventRequest()
    request.since = try TimePoint.parse(since, now: wallClock())
    request.limit = 200_000
    request.newestFirst = true
    request.format = .packed
    var acts: [ProcessKey: [EventClass: Int]] = [:]
    for event in try events("/v1/events?" + request.query) {
      acts[event.process.key, default: [:]][event.kind.eventClass, default: 0] += 1
    }
    var users = UserNames()
    let width = Terminal.width
    for line in ProcessTree(processes).lines(from: key, users: &users, did: { Self.words(acts[$0] ?? [:]) }) {
      Output.line(width.map { line.clipped(to: $0 - 1) } ?? line)
    }
  }

  private func rootKey(_ processes: [MeropsModel.Process]) throws -> ProcessKey? {
    guard let root else { return nil }
    if let pid = UInt32(root) {
      guard let process = processes.first(where: { $0.key.pid == pid }) else {
        throw ControlError(
          status: 404, message: "The process \(pid) does not live. What it did: merops events --pid \(pid)")
      }
      return process.key
    }
    guard let id = EventID(root) else { throw ValidationError("'\(root)' is neither a process id nor an event's id.") }
    let event = try ShowCommand.first(agent.client.get("/v1/events/\(id)?format=packed"))
    guard let key = event?.process.key, processes.contains(where: { $0.key == key }) else {
      throw ControlError(status: 404, message: "The process of that event does not live any more: merops show \(id)")
    }
    return key
  }

  private func events(_ target: String) throws(ControlError) -> [Event] {
    var events: [Event] = []
    var frames = EventFrames()
    try agent.client.stream(target) { (piece) throws(ControlError) in
      for case .events(let batch) in try frames.read(piece) { events += batch }
      return true
    }
    return events
  }

  private static func words(_ acts: [EventClass: Int]) -> String {
    let words = EventClass.allCases.compactMap { eventClass in
      acts[eventClass].map { "\($0) \(eventClass.name)" }
    }
    return words.isEmpty ? "" : "[" + words.joined(separator: ", ") + "]"
  }
}

extension String {
  fileprivate func clipped(to width: Int) -> String { count <= width ? self : prefix(width - 1) + "…" }
}
