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
      The numbers in brackets count what a process did, by class. A process that has ended is shown if it is asked for.

      EXAMPLES
        merops tree                    all processes
        merops tree 4711               one, and what it started
        merops tree 1T5Z9K0AB3C0G      the process that did it, and what it started
        merops tree --since 1h         with what they did in the last hour
      """)

  @OptionGroup var agent: AgentOptions
  @Argument(help: "A process id, or the id of an event: its process.")
  var root: String?
  @OptionGroup var window: SinceOption
  @Flag(help: "Show the kernel's own threads, too.")
  var all = false
  @Flag(help: "As JSON lines: each process as the event that created it.")
  var json = false

  func run() throws {
    if json { return Output.bytes(try agent.client.get("/v1/processes?limit=1000000&format=json")) }
    // The kernel's own threads are below the second process.
    let processes = try agent.client.batches("/v1/processes?limit=1000000&format=packed").flatMap { $0.map(\.process) }
    var tree = ProcessTree(
      processes.filter { process in
        all || root != nil || process.key.pid != 2 && !process.ancestors.contains { $0.key.pid == 2 }
      })
    var request = EventRequest()
    request.since = try window.time("10m")
    request.limit = 200_000
    request.newestFirst = true
    tree.count(try agent.client.events(request).reversed(), addsDoers: root != nil)
    var users = UserNames()
    let width = Terminal.width
    let lines = tree.lines(from: try rootKey(&tree), users: &users)
    Output.lines(lines.map { line in width.map { line.clipped(to: $0 - 1) } ?? line })
  }

  private func rootKey(_ tree: inout ProcessTree) throws -> ProcessKey? {
    guard let root else { return nil }
    if let pid = UInt32(root) {
      if let key = tree.key(pid: pid) { return key }
      throw ControlError.notFound(
        "No process \(pid) is alive, and none did anything in that time. Look further back: "
          + "\(Programs.typed("tree \(pid) --since 1d"))")
    }
    guard let id = EventID(root) else {
      throw ValidationError("'\(root)' is neither a process id nor an event's id, which has 13 digits and letters.")
    }
    let event = try agent.client.event(id)
    if !tree.keys.contains(event.process.key) { tree.count([event], addsDoers: true) }
    return event.process.key
  }
}

/// From when on.
struct SinceOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("Count what was done from then on: 10m, 1h, 7d ago, 14:02, 2026-11-29.", valueName: "time"),
    completion: Candidates.times)
  var since: String?

  /// Nanoseconds since 1970.
  ///
  /// - Parameter usual: what counts where nothing was typed.
  func time(_ usual: String) throws(ControlError) -> UInt64 { try TimePoint.typed(since ?? usual) }
}

extension TimePoint {
  /// A time as a person at this terminal typed it: a clock's time is the local one, as on the screens.
  static func typed(_ text: String) throws(ControlError) -> UInt64 {
    try parse(text, now: wallClock(), offset: LineLayout.localOffset)
  }
}
