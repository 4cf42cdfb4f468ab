// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import Testing

struct WireTests {
  static func batch() -> EventBatch {
    var builder = EventBatchBuilder()
    var named = Facts()
    named.append(.processName, .text("sh"))
    let first = Process(key: ProcessKey(start: 1, pid: 1), generation: 0, parent: nil, facts: Facts())
    let shell = Process(key: ProcessKey(start: 1 << 40, pid: 4711), generation: 1, parent: first, facts: named)
    let other = Process(key: ProcessKey(start: .max, pid: .max), generation: .max, parent: shell, facts: Facts())
    var facts = Facts()
    facts.append(.filePath, .text(Text([0xff, 0x2f], isCut: true)))
    facts.append(.eventError, UInt64(13))
    builder.append(.fileOpen, id: EventID(rawValue: 1 << 60), time: 1 << 60, by: shell, facts)
    builder.append(.processExit, id: EventID(rawValue: 2), time: 0, by: other)
    builder.append(.processExec, id: EventID(rawValue: .max), time: .max, by: shell, facts)
    return builder.finish()
  }

  @Test func whatIsPackedComesBack() throws {
    let before = Self.batch()
    let after = try EventBatch(packed: before.packed())
    #expect(after.count == 3)
    for (old, new) in zip(before, after) {
      #expect(old.id == new.id && old.kind == new.kind && old.time == new.time && old.facts == new.facts)
      #expect(old.process.key == new.process.key && old.process.facts == new.process.facts)
      #expect(old.process.generation == new.process.generation)
      #expect(old.process.ancestors.map(\.key) == new.process.ancestors.map(\.key))
    }
    #expect(after[0].process === after[2].process)
    #expect(after.packed() == before.packed())
    #expect(try EventBatch(packed: EventBatchBuilder.none().packed()).isEmpty)
  }

  @Test func cutBytesAreRejected() {
    let bytes = Self.batch().packed()
    for count in 0..<bytes.count {
      #expect(throws: WireError.self) { try EventBatch(packed: Array(bytes.prefix(count))) }
    }
    #expect(throws: WireError.self) { try EventBatch(packed: bytes + [0]) }
  }

  /// No byte that another one replaces makes a trap, or asks for much memory.
  @Test func changedBytesAreRejectedOrRead() {
    let bytes = Self.batch().packed()
    var accepted = 0
    for index in bytes.indices {
      for value in [0, 1, 0x7f, 0x80, 0xff] as [UInt8] {
        var changed = bytes
        changed[index] = value
        if let batch = try? EventBatch(packed: changed) {
          accepted += 1
          for event in batch { _ = event.facts[.filePath] }
        }
      }
    }
    #expect(accepted > 0 && accepted < 5 * bytes.count)
  }
}

extension EventBatchBuilder {
  static func none() -> EventBatch {
    var builder = EventBatchBuilder()
    return builder.finish()
  }
}

struct CountsTests {
  @Test func classesAddUp() {
    var counts = Counts()
    counts[.file] = Counts.Entry(recorded: 5, filtered: 3, lost: 1)
    counts[.process].recorded = 2
    #expect(counts.total == Counts.Entry(recorded: 7, filtered: 3, lost: 1))
    #expect(counts.total.seen == 11)
  }
}
