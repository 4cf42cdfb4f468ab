// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import Synchronization

/// Who gets events as they happen. Each has a queue of its own; whoever is slow loses its own events.
final class Subscribers: Sendable {
  private struct State {
    var boxes: [UInt64: Mailbox<EventBatch>] = [:]
    var serial: UInt64 = 0
    var isFinished = false
    /// What those that left have lost.
    var lost: UInt64 = 0
  }

  private let state = Mutex(State())
  /// Events that may wait for one subscriber.
  private let room: Int

  init(room: Int = 65_536) { self.room = room }

  var count: Int { state.withLock { $0.boxes.count } }
  var waiting: Int { state.withLock { Array($0.boxes.values) }.reduce(0) { $0 + $1.waiting } }
  var lost: UInt64 {
    let (boxes, lost) = state.withLock { (Array($0.boxes.values), $0.lost) }
    return boxes.reduce(lost) { $0 + $1.lost }
  }

  /// One more subscriber, and how it leaves.
  func add(room: Int? = nil) -> (box: Mailbox<EventBatch>, leave: @Sendable () -> Void) {
    let box = Mailbox<EventBatch>(limit: room ?? self.room) { $0.count }
    let number = state.withLock { state in
      state.serial += 1
      if state.isFinished { box.finish() } else { state.boxes[state.serial] = box }
      return state.serial
    }
    return (
      box,
      { [weak self] in
        box.cancel()
        self?.state.withLock { state in
          if state.boxes.removeValue(forKey: number) != nil { state.lost += box.lost }
        }
      }
    )
  }

  func deliver(_ batch: EventBatch) {
    let boxes = state.withLock { $0.boxes }
    for box in boxes.values { box.offer(batch) }
  }

  /// No more events come. Subscribers get what waits for them.
  func finish() {
    let boxes = state.withLock { state in
      state.isFinished = true
      return Array(state.boxes.values)
    }
    for box in boxes { box.finish() }
  }
}
