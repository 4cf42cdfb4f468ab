// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import MeropsPolicy
import Synchronization

/// Asks events what the kernel's hooks cannot be asked, and announces what rules tell.
///
/// It has a thread and a queue of its own: the sensors never wait for it, and events that do not fit are counted.
final class PolicyObserver: Sendable {
  private struct Rules {
    var byKind: [EventKind: [ObservedRule]] = [:]
    var version: UInt64 = 0
    var generation: UInt32 = 0
    /// By the rule's name.
    var counts: [String: UInt64] = [:]
  }

  private let rules = Mutex(Rules())
  private let isNeeded = Atomic(false)
  private let batches = Mailbox<EventBatch>(limit: 1 << 18) { $0.count }
  private let announcements: Announcements
  private let hasStopped = DispatchSemaphore(value: 0)

  private let scope: String

  /// - Parameter scope: the cgroup that policies are about, below the root.
  init(_ announcements: Announcements, scope: String) { (self.announcements, self.scope) = (announcements, scope) }

  /// Puts rules in place of others. Events that wait are asked the new ones.
  func replace(_ observed: [ObservedRule], version: UInt64, generation: UInt32) {
    rules.withLock { rules in
      let counts = rules.counts
      rules = Rules(version: version, generation: generation)
      for each in observed {
        for act in each.acts { rules.byKind[act, default: []].append(each) }
        rules.counts[each.rule.name] = counts[each.rule.name] ?? 0
      }
    }
    isNeeded.store(!observed.isEmpty, ordering: .releasing)
  }

  /// Never waits.
  func observe(_ batch: EventBatch) {
    if isNeeded.load(ordering: .acquiring) { batches.offer(batch) }
  }

  /// How often each rule told.
  var counts: [String: UInt64] { rules.withLock { $0.counts } }

  /// Events that were asked nothing, because too many waited.
  var lost: UInt64 { batches.lost }

  func start() {
    let thread = Thread { [self] in
      while let batch = batches.take().element {
        for event in batch { ask(event) }
      }
      hasStopped.signal()
    }
    thread.name = "merops-observer"
    thread.start()
  }

  /// Returns when all events that waited were asked.
  func stop() {
    batches.finish()
    hasStopped.wait()
  }

  private func ask(_ event: Event) {
    let told = rules.withLock { rules -> [(rule: ObservedRule, version: UInt64, generation: UInt32)] in
      guard let asked = rules.byKind[event.kind] else { return [] }
      return asked.compactMap { each in
        guard each.tells(of: event, in: scope) else { return nil }
        rules.counts[each.rule.name, default: 0] += 1
        return (each, rules.version, rules.generation)
      }
    }
    for each in told {
      announcements.add(Announcement(event, each.rule, version: each.version, generation: each.generation))
    }
  }
}

extension Announcement {
  /// The decision of a rule that holds for an event.
  fileprivate init(_ event: Event, _ observed: ObservedRule, version: UInt64, generation: UInt32) {
    var facts = Facts()
    facts.append(observed.rule, version: version, generation: generation)
    facts.append(.policyAct, .text(Text(event.kind.name)))
    facts.append(.policyAction, .text(Text(Action.audit.rawValue)))
    facts.append(.policyRung, .text(Text(Rung.observe.rawValue)))
    self.init(
      kind: .policyDecision, time: event.time, facts: Facts(packed: facts.bytes + event.facts.bytes),
      actor: Actor(
        pid: event.process.key.pid, time: event.process.key.start, isAfterExec: false, process: event.process,
        isKnown: true))
  }
}

extension Facts {
  /// What a decision says of its rule.
  mutating func append(_ rule: Rule, version: UInt64?, generation: UInt32) {
    func text(_ text: String?) -> Value? { text.map { .text(Text($0)) } }
    let all: [(Field, Value?)] = [
      (.policyName, text(rule.policy)), (.policyRule, text(rule.id)), (.policyVersion, version.map { .uint($0) }),
      (.policyGeneration, .uint(UInt64(generation))), (.policySeverity, text(rule.note.severity.rawValue)),
      (.policyMessage, text(rule.note.message)), (.attackTechnique, text(rule.note.technique)),
      (.attackTactic, text(rule.note.tactic)),
    ]
    for (field, value) in all {
      if let value { append(field, value) }
    }
  }
}
