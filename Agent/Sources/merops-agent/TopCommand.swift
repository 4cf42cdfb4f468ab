// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl
import MeropsScreens

struct TopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Show who does the most: processes, files or destinations.",
    discussion: """
      On a terminal the table is live: p, f and d change what is counted, q ends. In a pipe it is printed once.

      EXAMPLES
        merops top
        merops top --by destination --since 1h
        merops top --by file --json
      """)

  @OptionGroup var agent: AgentOptions
  @Option(help: "process, file or destination.", transform: Self.subject)
  var by = Tally.Subject.process
  @Option(help: ArgumentHelp("Count what was done from then on.", valueName: "time"))
  var since = "1m"
  @Option(name: .shortAndLong, help: "Rows at most.")
  var limit: Int?
  @Option(name: .customLong("where"), help: "A condition in the expression language.")
  var condition: String?
  @Flag(help: "As JSON, once.")
  var json = false
  @Flag(help: "Print the table once.")
  var once = false

  func run() throws {
    if json { return Output.bytes(try agent.client.get(try target(by, limit ?? 50))) }
    guard Terminal.isOutput, !once else { return try print(table(by, limit ?? 50)) }
    Interrupt.catchSignals()
    Terminal.readKeys()
    defer { Terminal.restore() }
    var subject = by
    while !Interrupt.isRequested {
      let rows = limit ?? max((Terminal.height ?? 24) - 4, 1)
      let lines = try table(subject, rows)
      Output.text("\u{1b}[H\u{1b}[J" + lines.joined(separator: "\n") + "\n\np process  f file  d destination  q quit")
      switch Terminal.key(2000) {
      case UInt8(ascii: "q"):
        Output.text("\n")
        return
      case UInt8(ascii: "p"): subject = .process
      case UInt8(ascii: "f"): subject = .file
      case UInt8(ascii: "d"): subject = .destination
      default: break
      }
    }
    Output.text("\n")
  }

  private static func subject(_ text: String) throws -> Tally.Subject {
    guard let subject = Tally.Subject(rawValue: text) else {
      throw ValidationError("'\(text)' cannot be counted by: write process, file or destination.")
    }
    return subject
  }

  private func target(_ subject: Tally.Subject, _ rows: Int) throws(ControlError) -> String {
    var request = EventRequest()
    request.since = try TimePoint.parse(since, now: wallClock())
    request.limit = max(rows, 1)
    request.condition = condition
    let query = request.query.split(separator: "&").filter { !$0.hasPrefix("format=") }.joined(separator: "&")
    return "/v1/top?by=\(subject.rawValue)&" + query
  }

  private func table(_ subject: Tally.Subject, _ rows: Int) throws(ControlError) -> [String] {
    let reply = try agent.client.get(try target(subject, rows), as: TopReply.self)
    var table = TextTable([subject.rawValue.uppercased(), "ACTS", "FAILED", "BYTES", "WHAT"], numbers: [1, 2, 3])
    for row in reply.rows.prefix(rows) {
      let kinds = row.kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      table.add([
        row.name, Amount.count(row.events), row.failed == 0 ? "" : Amount.count(row.failed),
        row.bytes == 0 ? "" : Amount.bytes(row.bytes),
        kinds.map { "\($0.key) \(Amount.count($0.value))" }.joined(separator: ", "),
      ])
    }
    if reply.rows.isEmpty { return ["Nothing was seen since \(since) ago."] }
    return table.lines(width: Terminal.width)
  }

  private func print(_ lines: [String]) { for line in lines { Output.line(line) } }
}
