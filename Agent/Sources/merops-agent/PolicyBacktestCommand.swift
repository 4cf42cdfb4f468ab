// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsModel
import MeropsPolicy
import MeropsScreens

struct PolicyBacktestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backtest",
    abstract: "Show what files would have done to what has happened. Changes nothing, and needs no root.",
    discussion: """
      The files stand in place of those of the same names that the agent has. The instructions that the kernel would run are
      run here over stored events, beside those of the policies that count: what would newly be denied, what would no longer be,
      and what nobody can know, because an event does not tell what a rule asks for.

      EXAMPLES
        merops policy backtest web.yaml --since 7d
        merops policy backtest web.yaml --since 1h --json | jq '.groups[] | select(.outcome == "newlyDenied")'
      """)

  @Argument(help: "Files, and directories of files that end in .yaml.", completion: .file())
  var paths: [String]
  @Option(
    help: ArgumentHelp("From then on: 10m, 1h, 7d ago, yesterday, 2026-11-29.", valueName: "time"),
    completion: Candidates.times)
  var since = "1d"
  @Option(help: ArgumentHelp("Before then.", valueName: "time"), completion: Candidates.times)
  var until: String?
  @Flag(help: "As JSON.")
  var json = false
  @OptionGroup var agent: AgentOptions

  func run() throws {
    var sources = PolicySources()
    do throws(PolicyProblem) {
      for path in paths { try sources.add(path: path) }
    } catch {
      Output.note(sources.described(error))
      throw ExitCode(1)
    }
    let before = try PolicySources.counting(agent.client)
    var after = before.without(sources.appliedNames)
    after.add(sources)
    var backtest: PolicyBacktest
    do { backtest = try PolicyBacktest(try after.set(), before: try before.set()) } catch let error as PolicyProblem {
      Output.note(after.described(error))
      throw ExitCode(1)
    }
    var request = EventRequest()
    request.since = try TimePoint.typed(since)
    request.until = try until.map { text throws(ControlError) in try TimePoint.typed(text) }
    (request.kinds, request.format) = (PolicyAct.eventKinds + [.agentLoss], .packed)
    request.limit = EventRequest.maximumLimit
    let started = ContinuousClock.now
    var (told, deciding) = (started, Duration.zero)
    var failure: (any Error)?
    var frames = EventFrames()
    try agent.client.stream("/v1/events?" + request.query) { (piece) throws(ControlError) in
      for case .events(let batch) in try frames.read(piece) {
        let start = ContinuousClock.now
        do { for event in batch { try backtest.take(event) } } catch {
          failure = error
          return false
        }
        deciding += ContinuousClock.now - start
      }
      if Terminal.isError, ContinuousClock.now - told > .seconds(1) {
        told = .now
        Output.note("\(Amount.count(UInt64(backtest.events))) events, \(Amount.count(UInt64(backtest.acts))) acts")
      }
      return true
    }
    if let failure { throw failure }
    let report = Report(backtest, seconds: (ContinuousClock.now - started) / .seconds(1), deciding / .seconds(1))
    json ? try Output.json(report) : Output.lines(report.lines)
  }

  /// What is printed.
  private struct Report: Encodable {
    var events: Int
    var acts: Int
    var newlyDenied: Int
    var newlyAllowed: Int
    var newlyTold: Int
    var unknown: Int
    var unchanged: Int
    /// Events that do not tell of the act's place.
    var unreadable: Int
    /// Events that the agent lost in that time: nobody knows what they would have told.
    var lost: UInt64
    var seconds: Double
    /// Of both policies together.
    var actsPerSecond: Double
    var groups: [PolicyBacktest.Group]

    init(_ backtest: PolicyBacktest, seconds: Double, _ deciding: Double) {
      (events, acts, unchanged) = (backtest.events, backtest.acts, backtest.unchanged)
      (newlyDenied, newlyAllowed) = (backtest.count(.newlyDenied), backtest.count(.newlyAllowed))
      (newlyTold, unknown) = (backtest.count(.newlyTold), backtest.count(.unknown))
      (unreadable, lost, self.seconds) = (backtest.unreadable, backtest.lost, seconds)
      actsPerSecond = deciding > 0 ? (Double(acts) / deciding).rounded() : 0
      groups = backtest.results
    }

    var lines: [String] {
      var lines: [String] = []
      let titles: [(PolicyBacktest.Outcome, String)] = [
        (.newlyDenied, "would newly be denied"), (.newlyAllowed, "would no longer be denied"),
        (.newlyTold, "would newly be told"), (.unknown, "not known"),
      ]
      for (outcome, title) in titles {
        let some = groups.filter { $0.outcome == outcome }
        if some.isEmpty { continue }
        var table = TextTable(["COUNT", "RULE", "ACT", "PROGRAM", "PLACE", "LAST", "EXAMPLE"], numbers: [0])
        for group in some.prefix(20) {
          table.add([
            "\(group.count)", group.rule, group.act, group.executable?.visible ?? "?", group.place ?? "",
            PolicyCommand.time(group.last), group.examples.first ?? "",
          ])
        }
        lines += ["\(title):"] + table.lines()
        if some.count > 20 { lines.append("and \(some.count - 20) more kinds: --json has all") }
        let missing = Set(some.flatMap(\.missing)).sorted()
        if !missing.isEmpty { lines.append("events do not tell: \(missing.joined(separator: ", "))") }
        lines.append("")
      }
      lines.append(
        "\(acts) acts in \(events) events: \(newlyDenied) newly denied, \(newlyAllowed) newly allowed, \(newlyTold) newly told, "
          + "\(unknown) not known, \(unchanged) as before")
      if unreadable > 0 { lines.append("\(unreadable) events do not tell where the act went, and were left out") }
      if lost > 0 { lines.append("\(lost) events were lost in that time: what they were nobody knows") }
      lines.append("both sets decided \(Int(actsPerSecond)) acts a second")
      return lines
    }
  }
}
