// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl
import MeropsModel
import MeropsScreens

struct EventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Show what was seen, or what is seen from now on.",
    discussion: """
      EXAMPLES
        merops events                                            the newest ones
        merops events --since 1h --where 'process.user.id == 0'  what root did in the last hour
        merops events --follow --kinds network,dns               connections and names, as they come
        merops events --since 14:00 --until 14:05                local time, today
        merops events --since 2026-11-29T14:00:00Z --json        as JSON lines
      `merops fields` lists what conditions can ask about.
      """)

  @OptionGroup var agent: AgentOptions
  @Flag(name: .shortAndLong, help: "Go on with what happens from now on.")
  var follow = false
  @Option(
    help: ArgumentHelp(
      "From then on: 10m, 1h, 7d ago, 14:02, yesterday, 2026-11-29, 2026-11-29T14:02:11Z.", valueName: "time"),
    completion: Candidates.times)
  var since: String?
  @Option(help: ArgumentHelp("Before then.", valueName: "time"), completion: Candidates.times)
  var until: String?
  @Option(name: .customLong("where"), help: "A condition in the expression language.", completion: Candidates.condition)
  var condition: String?
  @Option(
    help: "Kinds of events, with commas between them: process.exec, or file for all about files.",
    completion: Candidates.kinds)
  var kinds: String?
  @Option(help: "What this process did.")
  var pid: UInt32?
  @Option(name: .shortAndLong, help: "As many at most: the newest. Without --since it is 50.")
  var limit: Int?
  @Flag(help: "Show processes that only start others, and those that end as they should, too.")
  var all = false
  @Flag(exclusivity: .exclusive)
  var form: OutputForm?

  enum OutputForm: String, EnumerableFlag {
    case text, json, ocsf, ecs

    static func help(for value: Self) -> ArgumentHelp? {
      switch value {
      case .text: "As people read it, in a pipe, too."
      case .json: "One object a line, with the schema's names."
      case .ocsf: "One object a line, as OCSF has it."
      case .ecs: "One object a line, with ECS's names."
      }
    }

    var format: ReplyFormat {
      switch self {
      case .text: .packed
      case .json: .json
      case .ocsf: .ocsf
      case .ecs: .ecs
      }
    }
  }

  func run() throws {
    var request = EventRequest()
    let now = wallClock()
    request.since = try since.map { text throws(ControlError) in try TimePoint.typed(text) }
    request.until = try until.map { text throws(ControlError) in try TimePoint.typed(text) }
    if let since = request.since, let until = request.until, since >= until {
      throw ValidationError("--until has to be later than --since.")
    }
    if follow, until != nil { throw ValidationError("--follow goes on for ever: it has no --until.") }
    request.kinds = try kinds.map { text throws(ControlError) in try EventRequest.kinds(text) } ?? []
    (request.pid, request.condition) = (pid, condition)
    request.format = form?.format ?? (Terminal.isOutput ? .packed : .json)
    request.newestFirst = true
    request.limit = limit ?? (follow && since == nil ? 0 : since == nil ? 50 : 100_000)
    guard 0...EventRequest.maximumLimit ~= request.limit else {
      throw ValidationError("--limit has to be a number from 0 to \(EventRequest.maximumLimit).")
    }
    if request.limit > 0 { try showStored(request, now) }
    if follow { try showNew(request) }
  }

  /// The newest are asked for, and shown the oldest first.
  private func showStored(_ request: EventRequest, _ now: UInt64) throws(ControlError) {
    if request.format == .packed {
      let events = try agent.client.events(request)
      var printer = EventPrinter(showsAll: all, showsDate: (events.last?.time ?? now) + 86_400_000_000_000 < now)
      printer.heading()
      for event in events.reversed() { printer.show(event) }
      printer.finish()
    } else {
      var lines: [[UInt8]] = []
      var rest: [UInt8] = []
      try agent.client.stream("/v1/events?" + request.query) { piece in
        rest += piece
        let parts = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        lines += parts.dropLast().map(Array.init)
        rest = Array(parts.last ?? [])
        return true
      }
      for line in lines.reversed() { Output.bytes(line + [UInt8(ascii: "\n")]) }
    }
  }

  private func showNew(_ request: EventRequest) throws(ControlError) {
    var wanted = EventRequest()
    (wanted.kinds, wanted.pid, wanted.condition) = (request.kinds, request.pid, request.condition)
    wanted.format = request.format
    if wanted.format == .packed {
      var frames = EventFrames()
      var printer = EventPrinter(showsAll: all)
      if request.limit == 0 { printer.heading() }
      try agent.client.stream("/v1/events/stream?" + wanted.query) { (piece) throws(ControlError) in
        for frame in try frames.read(piece) {
          switch frame {
          case .events(let batch): for event in batch { printer.show(event) }
          case .lost(let count): Output.note("merops: \(count) events were too many for this terminal, and left out")
          case .alive: break
          }
        }
        printer.finish()
        return true
      }
    } else {
      var events = ServerSentLines()
      try agent.client.stream("/v1/events/stream?" + wanted.query) { piece in
        let lines = events.read(piece)
        if !lines.isEmpty { Output.bytes(lines) }
        return true
      }
    }
  }
}

/// The data of server-sent events, a line each.
struct ServerSentLines {
  private var rest: [UInt8] = []

  mutating func read(_ bytes: [UInt8]) -> [UInt8] {
    rest += bytes
    guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    var result: [UInt8] = []
    for line in rest[...end].split(separator: UInt8(ascii: "\n")) where line.starts(with: Self.data) {
      result += line.dropFirst(Self.data.count)
      result.append(UInt8(ascii: "\n"))
    }
    rest.removeFirst(end + 1)
    return result
  }

  private static let data = Array("data: ".utf8)
}

/// Prints events as lines.
struct EventPrinter {
  private let layout: LineLayout
  private let showsAll: Bool
  private var users = UserNames()
  private var lineage = Lineage()
  private var text = ""

  init(showsAll: Bool, showsDate: Bool = false) {
    layout = .current(showsDate: showsDate)
    self.showsAll = showsAll
  }

  mutating func heading() { text += layout.heading + "\n" }

  mutating func show(_ event: Event) {
    guard showsAll || EventLine.isWorthShowing(event) else { return }
    text += layout.text(EventLine(event, users: &users), depth: lineage.depth(of: event)) + "\n"
    if text.utf8.count > 64 << 10 { finish() }
  }

  mutating func finish() {
    if !text.isEmpty { Output.text(text) }
    text = ""
  }
}

func wallClock() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
