// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// The newest events, and which of them are to be seen.
struct History: Sendable {
  struct Entry: Sendable {
    /// Counts events from 0 on.
    var number: Int
    var event: Event
    /// How many of its process's ancestors stand above it.
    var depth = 0
  }

  private(set) var visible: [Entry] = []
  private var all: [Entry] = []
  private var next = 0
  private var lineage = Lineage()
  private let limit: Int
  private var users = UserNames()

  /// Which events are to be seen.
  var showsAll: Bool { didSet { sift() } }
  /// Text that a line has to have, whatever its case; empty for any.
  var text = "" { didSet { sift() } }

  /// - Parameter limit: events that are kept at least; at most twice as many.
  init(limit: Int = 4000, showsAll: Bool = false) { (self.limit, self.showsAll) = (limit, showsAll) }

  var events: [Event] { all.map(\.event) }

  /// - Returns: how many of the events are to be seen.
  mutating func append(_ batch: EventBatch) -> Int {
    var kept = batch
    if batch.count > limit || !batch.allSatisfy({ showsAll || EventLine.isWorthShowing($0) }) {
      // A batch lives as long as one of its events.
      var builder = EventBatchBuilder()
      for event in batch.suffix(limit) { builder.append(event) }
      kept = builder.finish()
    }
    let before = visible.count
    for event in kept {
      let entry = Entry(number: next, event: event)
      next += 1
      all.append(entry)
      show(entry)
    }
    let count = visible.count - before
    if all.count > 2 * limit {
      all.removeFirst(all.count - limit)
      let first = all[0].number
      visible.removeFirst(visible.firstIndex { $0.number >= first } ?? visible.count)
    }
    return count
  }

  /// Other events in place of those that there are.
  mutating func replace(_ events: [EventBatch]) {
    (all, visible, lineage) = ([], [], Lineage())
    for batch in events { _ = append(batch) }
  }

  private mutating func sift() {
    (visible, lineage) = ([], Lineage())
    for entry in all { show(entry) }
  }

  private mutating func show(_ entry: Entry) {
    guard showsAll || EventLine.isWorthShowing(entry.event), text.isEmpty || has(text, entry.event) else { return }
    var entry = entry
    entry.depth = lineage.depth(of: entry.event)
    visible.append(entry)
  }

  private mutating func has(_ text: String, _ event: Event) -> Bool {
    let line = EventLine(event, users: &users)
    let words = [line.who, line.did, line.what, line.outcome, event.kind.name]
    return words.joined(separator: " ").lowercased().contains(text)
  }

  /// The place of an event among the visible ones; the next newer one's if it is not there.
  func place(of number: Int) -> Int? {
    let place = visible.partitionPoint { $0.number >= number }
    return place < visible.count ? place : nil
  }
}

extension Array {
  /// The first place from which on a condition holds, of an array that has all of those behind the others.
  fileprivate func partitionPoint(_ isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
