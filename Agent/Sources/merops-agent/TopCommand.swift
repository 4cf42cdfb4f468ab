// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsModel
import MeropsScreens

struct TopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Show who does the most: processes, files or destinations.",
    discussion: """
      On a terminal the table is live: p, f and d change what is counted, a, x, b and n the order, q ends. In a pipe it is \
      printed once.

      EXAMPLES
        merops top
        merops top --by destination --sort bytes --since 1h
        merops top --by file --json
      """)

  @OptionGroup var agent: AgentOptions
  @Option(
    help: "process, file or destination.", completion: .list(Tally.Subject.allCases.map(\.rawValue)),
    transform: { try Self.choice($0) })
  var by = Tally.Subject.process
  @Option(
    help: "acts, failed, bytes or name.", completion: .list(Tally.Order.allCases.map(\.rawValue)),
    transform: { try Self.choice($0) })
  var sort = Tally.Order.acts
  @OptionGroup var window: SinceOption
  @Option(name: .shortAndLong, help: "Rows at most.")
  var limit: Int?
  @Option(name: .customLong("where"), help: "A condition in the expression language.", completion: Candidates.condition)
  var condition: String?
  @Flag(help: "As JSON, once.")
  var json = false
  @Flag(help: "Print the table once.")
  var once = false

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit has to be a number from 1 on.") }
  }

  func run() throws {
    if json { return Output.bytes(try agent.client.get(try target(by, sort, limit ?? 50))) }
    guard let size = Terminal.size, !once else { return Output.lines(try lines(by, sort, limit ?? 50, width: nil)) }
    // What is wrong is said before anything is drawn.
    _ = try lines(by, sort, 1, width: size.columns)
    try watch()
  }

  private func watch() throws {
    Interrupt.catchSignals()
    FullScreen.enter()
    defer { FullScreen.leave() }
    var (subject, order) = (by, sort)
    var (keyboard, painter) = (Keyboard(), Painter())
    while !Interrupt.isRequested {
      let (columns, rows) = Terminal.size ?? (80, 24)
      let lines = try lines(subject, order, limit ?? max(rows - 5, 1), width: columns).prefix(rows - 2)
      let empty = Array(repeating: "", count: rows - 1 - lines.count)
      let keys = "p process  f file  d destination · order: a acts  x failed  b bytes  n name · q quit"
      Output.text(
        painter.painting(lines + empty + [keys.clipped(to: columns - 1)], width: columns, height: rows))
      // Keys and a new size count at once, the numbers every two seconds.
      for _ in 0..<20 where !Interrupt.isRequested {
        let keys = keyboard.keys(100)
        if Interrupt.pause() { painter.forget() }
        for key in keys {
          switch key {
          case .character("q"), .escape, .control("d"): return
          case .character("p"): subject = .process
          case .character("f"): subject = .file
          case .character("d"): subject = .destination
          case .character("a"): order = .acts
          case .character("x"): order = .failed
          case .character("b"): order = .bytes
          case .character("n"): order = .name
          default: break
          }
        }
        if !keys.isEmpty { break }
        if let size = Terminal.size, size != (columns, rows) { break }
      }
    }
  }

  private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ text: String
  ) throws -> Choice {
    if let choice = Choice(rawValue: text) { return choice }
    let names = Choice.allCases.map(\.rawValue)
    let meant = Spelling.nearest(to: text, among: names).map { "did you mean \($0)? Else " } ?? ""
    throw ValidationError("\(meant)write \(names.dropLast().joined(separator: ", ")) or \(names.last ?? "").")
  }

  private func target(_ subject: Tally.Subject, _ order: Tally.Order, _ rows: Int) throws(ControlError) -> String {
    var request = EventRequest()
    request.since = try window.time("1m")
    request.limit = rows
    request.condition = condition
    let query = request.query.split(separator: "&").filter { !$0.hasPrefix("format=") }.joined(separator: "&")
    return "/v1/top?by=\(subject.rawValue)&sort=\(order.rawValue)&" + query
  }

  private func lines(
    _ subject: Tally.Subject, _ order: Tally.Order, _ rows: Int, width: Int?
  ) throws(ControlError) -> [String] {
    let reply = try agent.client.get(try target(subject, order, rows), as: TopReply.self)
    var table = TextTable([subject.rawValue.uppercased(), "ACTS", "FAILED", "BYTES", "WHAT"], numbers: [1, 2, 3])
    for row in reply.rows.prefix(rows) {
      let kinds = row.kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      table.add([
        row.name, Amount.count(row.events), row.failed == 0 ? "" : Amount.count(row.failed),
        row.bytes == 0 ? "" : Amount.bytes(row.bytes),
        kinds.map { "\($0.key) \(Amount.count($0.value))" }.joined(separator: ", "),
      ])
    }
    let plural = subject == .process ? "processes" : subject.rawValue + "s"
    let since = "since \(LineLayout(showsDate: window.since != nil).time(reply.since))"
    if reply.rows.isEmpty { return ["No \(plural) did anything \(since)."] }
    let words: [Tally.Order: String] = [
      .acts: "most acts", .failed: "most failures", .bytes: "most bytes", .name: "by name",
    ]
    let title = "\(plural) \(since), \(words[order] ?? "")\(order == .name ? "" : " first")"
    guard let width else { return table.lines() }
    return [title.clipped(to: width - 1)] + table.lines(width: width)
  }
}
