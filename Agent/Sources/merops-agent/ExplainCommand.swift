// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsExpression
import MeropsModel
import MeropsPolicy
import MeropsScreens

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say why an act was denied, told or allowed: the rule, what of it matched, and what would allow it.",
    discussion: """
      The event is a decision (`policy.decision`), or an act that rules can be about; without an id, the newest decision. The
      policies are those that counted then. The rule that would allow the act was tried: it allows this one.

      EXAMPLES
        merops explain
        merops explain 1T5Z9K0AB3C0G
        merops explain $(merops policy decisions --json | jq -r .id | tail -n 1) --json
      """)

  @OptionGroup var agent: AgentOptions
  @Argument(help: "The event's id.", transform: EventID.typed)
  var event: EventID?
  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let event = try found()
    let (set, version) = try policies(at: event)
    guard let explanation = try PolicyExplanation(event, set) else {
      let acts = PolicyHook.acts.map(\.name).joined(separator: ", ")
      throw ControlError(
        status: 0, message: "No rule can be about the event \(event.id) (\(event.kind.name)): rules are about \(acts).")
    }
    let report = Report(event, explanation, version?.change)
    json ? try Output.json(report) : Output.lines(report.lines(event))
  }

  private func found() throws(ControlError) -> Event {
    if let event { return try agent.client.event(event) }
    var request = EventRequest()
    (request.kinds, request.limit, request.newestFirst) = ([.policyDecision], 1, true)
    guard let newest = try agent.client.events(request).first else {
      throw .notFound("No policy has decided about anything that is still stored.")
    }
    return newest
  }

  /// The policies that counted when an event happened.
  private func policies(at event: Event) throws -> (PolicySet, PolicyVersion?) {
    let history = try agent.client.get("/v1/policies/history", as: [PolicyChange].self)
    var wanted = history.last { $0.time <= event.time }?.version
    if case .uint(let number)? = event[.policyVersion] { wanted = number }
    guard let wanted, wanted > 0 else { return (try PolicySet([]), nil) }
    guard history.contains(where: { $0.version == wanted }) else {
      throw ControlError.notFound("Version \(wanted) of the policies, which counted then, is not kept any more.")
    }
    let version = try agent.client.get("/v1/policies/versions/\(wanted)", as: PolicyVersion.self)
    return (try PolicySources(version).set(), version)
  }
}

/// What is printed.
private struct Report: Encodable {
  struct Part: Encodable {
    var condition: String
    /// By the field's name; null where it is not known.
    var values: [String: String?]

    init(_ reason: Reason) {
      condition = "\(reason.part)"
      values = Dictionary(reason.values.map { ($0.field.name, $0.value.map(Self.words)) }) { first, _ in first }
    }

    init(cgroups: [String], _ cgroup: String?) {
      condition = "subject.cgroup: \(cgroups.joined(separator: ", "))"
      values = [Field.processCgroupPath.name: cgroup]
    }

    private static func words(_ value: Value) -> String {
      switch value {
      case .bool(let isTrue): "\(isTrue)"
      case .int(let number): "\(number)"
      case .uint(let number): "\(number)"
      case .text(let text): text.description
      case .texts(let texts): texts.map(\.description).joined(separator: " ")
      case .address(let address): "\(address)"
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(condition, forKey: .condition)
      try container.encode(values, forKey: .values)
    }

    private enum Key: CodingKey { case condition, values }

    var line: String {
      let seen = values.sorted { $0.key < $1.key }.map { name, value in "\(name) = \(value ?? "not known")" }
      return "\(condition)  (\(seen.joined(separator: ", ")))".visible
    }
  }

  struct Near: Encodable {
    var rule: String
    var action: String
    /// What of it did not hold.
    var failed: [Part]
  }

  var event: String
  var time: String
  var act: String
  /// `allow`, `deny`, `kill`, `audit`.
  var outcome: String
  var rule: String?
  var message: String?
  var place: String?
  var version: UInt64?
  var hash: String?
  var author: String?
  var applied: String?
  var generation: UInt64?
  var rung: String?
  var hook: String?
  var isUncertain: Bool
  var missing: [String]
  var matched: [Part]
  var process: String
  /// The parent first.
  var ancestry: [String]
  var near: [Near]
  /// A rule that was tried.
  var allowing: String?

  init(_ event: Event, _ explanation: PolicyExplanation, _ change: PolicyChange?) {
    func text(_ field: Field) -> String? {
      if case .text(let text)? = event[field] { text.description } else { nil }
    }
    let cgroup = text(.processCgroupPath)
    self.event = "\(event.id)"
    time = PolicyCommand.time(event.time)
    act = text(.policyAct) ?? event.kind.name
    outcome = explanation.outcome
    rule = explanation.rule?.name ?? text(.policyRule).map { "\(text(.policyName) ?? "?")/\($0)" }
    message = explanation.rule?.note.message
    place = explanation.rule.map { "\($0.place.file):\($0.place.line)" }
    (version, hash, author) = (change?.version, change?.hash, change?.author)
    applied = change.map { PolicyCommand.time($0.time) }
    if case .uint(let number)? = event[.policyGeneration] { generation = number }
    (rung, hook) = (text(.policyRung), text(.policyHook))
    isUncertain = event[.policyIsUncertain] == .bool(true)
    missing = explanation.missing.map(\.name)
    matched = explanation.matched.map(Part.init)
    if let own = explanation.cgroup { matched.append(Part(cgroups: [own], cgroup)) }
    process = Self.name(event.process)
    ancestry = event.process.ancestors.map(Self.name)
    near = explanation.near.map { near in
      Near(
        rule: near.rule.name, action: near.rule.action.rawValue,
        failed: near.failed.map(Part.init) + (near.cgroups.isEmpty ? [] : [Part(cgroups: near.cgroups, cgroup)]))
    }
    allowing = explanation.allowing
  }

  private static func name(_ process: MeropsModel.Process) -> String {
    for field in [Field.processExecutable, .processName] {
      if case .text(let text)? = process.facts[field], !text.bytes.isEmpty {
        return "\(text.description.visible)(\(process.key.pid))"
      }
    }
    return "?(\(process.key.pid))"
  }

  func lines(_ event: Event) -> [String] {
    var users = UserNames()
    let line = EventLine(event, users: &users)
    var lines = ["\(time): \([line.who, line.did, line.what].joined(separator: " "))", ""]
    func row(_ name: String, _ text: String?) {
      if let text { lines.append(name.padding(to: 10) + text.visible) }
    }
    let words = [
      "deny": "it was denied", "kill": "who did it was killed", "audit": "it was told, and went on",
      "allow": "it went on",
    ]
    row("outcome", words[outcome] ?? outcome)
    row("rule", rule.map { [$0, place].compactMap(\.self).joined(separator: ", ") } ?? "no rule decided")
    row("message", message)
    row(
      "policies",
      version.map {
        "version \($0), \(hash.map { "content \($0.prefix(12)), " } ?? "")by \(author ?? "?"), \(applied ?? "?")"
      }
        ?? "none counted then")
    row("kernel", hook.map { "\($0), rung \(rung ?? "?"), generation \(generation ?? 0)" })
    for part in matched { row("matched", part.line) }
    if isUncertain {
      row("unknown", "the kernel did not know all that the rule asks for: what denies counts then, too")
    }
    row("process", process)
    row("ancestry", ancestry.isEmpty ? nil : ancestry.joined(separator: " < "))
    for rule in near {
      row("near", "\(rule.rule) (\(rule.action)) would have counted, but for:")
      for part in rule.failed { row("", part.line) }
    }
    if let allowing {
      lines += ["", "The least that would allow it is this rule, which was tried:", ""]
      lines += allowing.split(separator: "\n").map { "    \($0)".visible }
    } else if outcome == "deny" || outcome == "kill" {
      lines += ["", "No rule beside it would allow the act: change \(rule ?? "the rule") itself."]
    }
    return lines
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(width - count, 1))
  }
}
