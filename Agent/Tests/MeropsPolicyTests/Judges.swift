// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsModel
import MeropsPolicy

/// An act that rules decide about, with all that can be known of it.
struct Act {
  var hook: PolicyHook
  var address: Address
  var port: UInt16
  /// 6 or 17.
  var transport: UInt32
  /// nil where the kernel does not know the program.
  var path: String?
  var user: UInt32
  var process: UInt32 = 4711
  /// Below the root.
  var cgroup: String
  /// The process id of its session's leader.
  var session: UInt32 = 4711

  /// A connection to no address is one to this machine.
  var seenAddress: Address {
    guard hook.acts[0] == .networkConnect else { return address }
    if address == Address(bits: 0) { return Address(bits: 1) }
    return address == Address(ipv4: 0) ? Address(ipv4: 0x7f00_0001) : address
  }

  /// As an event that the agent would tell.
  var event: Event {
    var facts = Facts()
    facts.append(.processID, UInt64(process))
    facts.append(.processUser, UInt64(user))
    if let path { facts.append(.processExecutable, .text(Text(path))) }
    let process = Process(key: ProcessKey(start: 1, pid: process), generation: 0, parent: nil, facts: facts)
    var own = Facts()
    if hook != .exec {
      own.append(.networkTransport, .text(Text(transport == 6 ? "tcp" : "udp")))
      let isBind = hook.acts[0] == .networkBind
      own.append(isBind ? .sourceAddress : .destinationAddress, .address(seenAddress))
      own.append(isBind ? .sourcePort : .destinationPort, UInt64(port))
    }
    var builder = EventBatchBuilder()
    builder.append(hook.acts[0], id: EventID(rawValue: 1), time: 1, by: process, own)
    return builder.finish()[0]
  }
}

/// Says what becomes of an act by the words of docs/policies.md: an obvious evaluator, for tests alone.
enum Reference {
  /// - Returns: the rule that denies; nil where the act is allowed.
  static func denial(of act: Act, by set: PolicySet) -> Rule? { decision(about: act, by: set).denial }

  /// What becomes of an act, and which rules tell of it.
  static func decision(about act: Act, by set: PolicySet) -> (denial: Rule?, told: [Rule]) {
    let event = act.event
    var told: [Rule] = []
    var isAllowedInAudit = false
    for rule in set.rules where rule.acts.contains(act.hook.acts[0]) {
      guard rule.cgroups.isEmpty || rule.cgroups.contains(act.cgroup), isIn(rule.canary, act) else { continue }
      let verdicts = rule.conditions.map { $0.evaluate(event) }
      let holds = rule.action.failsClosed ? !verdicts.contains(.no) : verdicts.allSatisfy { $0 == .yes }
      switch (holds, rule.isAudit, rule.action) {
      case (false, _, _): continue
      case (_, _, .audit): told.append(rule)
      case (_, true, .allow): isAllowedInAudit = true
      case (_, true, _): if !isAllowedInAudit { told.append(rule) }
      case (_, false, .allow): return (nil, told)
      case (_, false, _): return (rule, told)
      }
    }
    return (nil, told)
  }

  private static func isIn(_ part: Rule.CanaryPart?, _ act: Act) -> Bool {
    guard let part else { return true }
    let isInside =
      switch part.canary {
      case .cgroup(let path): act.cgroup == path
      case .percent(let percent): Canary.contains(session: act.session, percent: percent)
      }
    return isInside != part.isOutside
  }
}

extension Act {
  /// As the interpreter is asked about it.
  var policyAct: PolicyAct {
    var act = PolicyAct(hook.acts[0])
    (act.address, act.port, act.transport, act.executable) = (address, port, transport, path)
    (act.process, act.cgroup, act.numbers) = (process, cgroup, [.processUser: UInt64(user)])
    act.session = session
    return act
  }
}

extension PolicyInterpreter {
  /// Cgroups of a number that fits into an instruction, and of one that does not.
  convenience init(_ set: PolicySet, of _: Act.Type) throws {
    try self.init(set) { path in
      switch path {
      case "/": PolicyCompiler.Cgroup(id: 1, level: 0)
      case "/a": PolicyCompiler.Cgroup(id: 1_000_000_000_001, level: 1)
      default: PolicyCompiler.Cgroup(id: path == "/b" ? 22 : 5, level: 1)
      }
    }
  }
}
