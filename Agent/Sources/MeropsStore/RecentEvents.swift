// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// The newest events, in memory: those on disk are kept for a look back, those not yet on disk until they are.
/// Both are bounded; what does not fit is forgotten, the oldest first, and counted if no disk has it.
struct RecentEvents {
  private var stored = Queue()
  private var underway = Queue()
  private var waiting = Queue()
  private let keepBytes: Int
  private let waitBytes: Int
  /// Events that were forgotten before a disk had them.
  private(set) var dropped: UInt64 = 0
  /// Batches so far.
  private(set) var appended = 0

  init(keepBytes: Int, waitBytes: Int) {
    self.keepBytes = keepBytes
    self.waitBytes = waitBytes
  }

  var waitingBytes: Int { waiting.bytes + underway.bytes }
  var waitingEvents: Int { waiting.events + underway.events }
  /// What ``take(upTo:)`` would find.
  var takeableBytes: Int { waiting.bytes }
  var isWaiting: Bool { !waiting.isEmpty }
  var keptBytes: Int { stored.bytes }

  /// Batches that are on disk or dropped: the oldest of those that were appended.
  var done: Int { appended - waiting.count - underway.count }

  mutating func append(_ batch: EventBatch) {
    guard !batch.isEmpty else { return }
    appended += 1
    waiting.append(batch)
    while waitingBytes > waitBytes, let lost = waiting.removeFirst() { dropped += UInt64(lost.count) }
    trim()
  }

  /// Moves waiting batches under way, the oldest first, and returns them.
  mutating func take(upTo bytes: Int) -> [EventBatch] {
    while underway.isEmpty || underway.bytes < bytes, let batch = waiting.removeFirst() { underway.append(batch) }
    return Array(underway)
  }

  /// What was under way is on disk.
  mutating func settle() {
    while let batch = underway.removeFirst() { stored.append(batch) }
    trim()
  }

  /// What was under way is not on disk: it waits again, before the others.
  mutating func giveBack() {
    while let batch = waiting.removeFirst() { underway.append(batch) }
    swap(&underway, &waiting)
    while waitingBytes > waitBytes, let lost = waiting.removeFirst() { dropped += UInt64(lost.count) }
  }

  mutating func forget() {
    (underway, waiting) = (Queue(), Queue())
  }

  private mutating func trim() {
    while stored.bytes > keepBytes, stored.removeFirst() != nil {}
  }

  /// All of them, the oldest first.
  var batches: [EventBatch] { Array(stored) + Array(underway) + Array(waiting) }

  /// A queue of batches that knows their size.
  private struct Queue: Sequence {
    private var items: [EventBatch?] = []
    private var head = 0
    private(set) var bytes = 0
    private(set) var events = 0

    var isEmpty: Bool { head == items.count }
    var count: Int { items.count - head }

    mutating func append(_ batch: EventBatch) {
      items.append(batch)
      bytes += Self.cost(batch)
      events += batch.count
    }

    mutating func removeFirst() -> EventBatch? {
      guard head < items.count, let batch = items[head] else { return nil }
      items[head] = nil
      head += 1
      if head > 64, head * 2 > items.count {
        items.removeFirst(head)
        head = 0
      }
      bytes -= Self.cost(batch)
      events -= batch.count
      return batch
    }

    /// A batch takes some memory besides its events.
    static func cost(_ batch: EventBatch) -> Int { batch.size + 128 }

    func makeIterator() -> some IteratorProtocol<EventBatch> { items[head...].lazy.compactMap { $0 }.makeIterator() }
  }
}
