// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsEnforcement
import MeropsModel
import MeropsPolicy

extension Announcement {
  /// What a rule decided.
  ///
  /// - Parameter version: of the policies; nil where it is not known any more.
  init(_ verdict: PolicyVerdict, version: UInt64?) {
    var boot = timespec()
    clock_gettime(CLOCK_BOOTTIME, &boot)
    let now = UInt64(boot.tv_sec) * 1_000_000_000 + UInt64(boot.tv_nsec)
    var facts = Facts()
    func append(_ field: Field, _ text: String?) { text.map { facts.append(field, .text(Text($0))) } }
    if let rule = verdict.rule {
      facts.append(rule, version: version, generation: verdict.generation)
    } else {
      append(.policyRule, "rule \(verdict.ruleNumber) of generation \(verdict.generation)")
      facts.append(.policyGeneration, UInt64(verdict.generation))
    }
    append(.policyAct, verdict.act.name)
    append(.policyAction, verdict.isAudit ? Action.audit.rawValue : verdict.hook.rung.rawValue)
    append(.policyRung, verdict.isAudit ? Rung.observe.rawValue : verdict.hook.rung.rawValue)
    append(.policyHook, verdict.place)
    if verdict.isUnknown { facts.append(.policyIsUncertain, true) }
    verdict.appendFacts(to: &facts)
    var process = Facts()
    process.append(.processID, UInt64(verdict.process))
    process.append(.processName, .text(verdict.command))
    process.append(.processCgroup, verdict.cgroup)
    self.init(
      kind: .policyDecision, time: wallClock() &- (now &- verdict.time), facts: facts,
      actor: Actor(
        pid: verdict.process, time: verdict.time, isAfterExec: verdict.hook == .exec,
        process: Process(
          key: ProcessKey(start: 0, pid: verdict.process), generation: 0, parent: nil, facts: process)))
  }
}
