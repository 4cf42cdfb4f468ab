// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import Synchronization

/// An event that no sensor sees: of the agent itself, or what a policy has decided.
struct Announcement: Sendable {
  var kind: EventKind
  /// Nanoseconds since 1970.
  var time: UInt64
  var facts: Facts
  /// Who did it; nil for the agent.
  var actor: Actor?

  struct Actor {
    var pid: UInt32
    /// Nanoseconds since boot.
    var time: UInt64
    /// The act is an exec: who did it is the new program.
    var isAfterExec: Bool
    /// What the kernel said of it, where the sensors do not know the process.
    var process: Process
    /// Whether that is all that is known of it.
    var isKnown = false
  }
}

/// Events that wait for the sensors' thread, which gives ids their order and knows processes.
final class Announcements: Sendable {
  private struct State {
    var waiting: [Announcement] = []
    /// How many of them waited when the sensors' ring was last read.
    var seen = 0
    var counts = Counts.Entry()
  }

  private let state = Mutex(State())
  private let hasSome = Atomic<Bool>(false)
  /// How many may wait: more are lost, and counted.
  private static let limit = 65_536
  /// Ids between two batches.
  private static let idLimit = 4000

  func add(_ announcement: Announcement) {
    state.withLock { state in
      guard state.waiting.count < Self.limit || announcement.actor == nil else {
        state.counts.lost += 1
        return
      }
      if announcement.actor != nil { state.counts.recorded += 1 }
      state.waiting.append(announcement)
    }
    hasSome.store(true, ordering: .releasing)
  }

  var isEmpty: Bool { !hasSome.load(ordering: .acquiring) }

  /// Decisions that were handed on, and lost.
  var counts: Counts.Entry { state.withLock { $0.counts } }

  /// What can be told now. An act is told when the ring was read once more after it: its process is known then.
  func take() -> [Announcement] {
    if isEmpty { return [] }
    return state.withLock { state in
      var ready: [Announcement] = []
      var rest: [Announcement] = []
      for (index, each) in state.waiting.enumerated() {
        let isReady = each.actor == nil || index < state.seen
        if isReady, ready.count < Self.idLimit { ready.append(each) } else { rest.append(each) }
      }
      (state.waiting, state.seen) = (rest, rest.count)
      hasSome.store(!rest.isEmpty, ordering: .releasing)
      return ready
    }
  }
}
