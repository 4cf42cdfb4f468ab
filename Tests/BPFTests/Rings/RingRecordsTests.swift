// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFSystem
import TestSupport
import Testing

/// Rings as asynchronous sequences.
@Suite(.requires(.root), .requires(kernel: "5.8"), .timeLimit(.minutes(10))) struct RingRecordsTests {
  @Test func recordsArriveAsTheyAreWritten() async throws {
    let source = try RecordSource(.ring)
    let records = try RingBuffer(map: source.map.rawValue, size: source.size).records { $0.number }
    let reader = Task {
      var numbers: [UInt64] = []
      for try await number in records {
        numbers.append(number)
        if numbers.count == 300 { break }
      }
      return numbers
    }
    for _ in 0..<30 {
      try source.write(10)
      await Task.yield()
    }
    #expect(try await reader.value == Array(1...300))
  }

  @Test func cancellationEndsTheSequence() async throws {
    let source = try RecordSource(.ring)
    let records = try RingBuffer(map: source.map.rawValue, size: source.size).records()
    for delay in [Duration.zero, .milliseconds(5)] {
      let reader = Task {
        var count = 0
        for try await _ in records { count += 1 }
        return count
      }
      try await Task.sleep(for: delay)
      reader.cancel()
      #expect(try await reader.value == 0)
    }
    // And the next one reads on.
    try source.write(1)
    var iterator = records.makeAsyncIterator()
    try await expectEqual(iterator.next()?.count, 64)
  }

  /// A reader that does not read holds back nobody but itself: the ring fills, and the rest is refused.
  @Test func slowReaderFillsTheRing() async throws {
    let source = try RecordSource(.ring, size: 4096)
    try source.configure(length: 56)
    let records = try RingBuffer(map: source.map.rawValue, size: source.size).records(batchLimit: 4) { $0.number }
    var iterator = records.makeAsyncIterator()
    try source.write(1)
    try await expectEqual(iterator.next(), 1)
    try source.write(100)
    #expect(try source.refused == 37)
    for expected in 2...64 { #expect(try await iterator.next() == UInt64(expected)) }
  }

  @Test func recordsWithoutAWakeUpAreFoundInTime() async throws {
    let source = try RecordSource(.ring)
    try source.configure(length: 64, flags: 1)
    let records = try RingBuffer(map: source.map.rawValue, size: source.size)
      .records(interval: .milliseconds(10)) { $0.number }
    let reader = Task { () -> UInt64? in
      for try await number in records { return number }
      return nil
    }
    try await Task.sleep(for: .milliseconds(5))
    try source.write(1)
    #expect(try await reader.value == 1)
  }

  @Test func manyRingsWaitOnOneThread() async throws {
    let sources = try (0..<20).map { try RecordSource(.ring, size: 4096, tag: UInt64($0)) }
    try await withThrowingTaskGroup(of: (UInt64, UInt64).self) { group in
      for source in sources {
        let records = try RingBuffer(map: source.map.rawValue, size: source.size).records { ($0.tag, $0.number) }
        group.addTask {
          for try await record in records where record.1 == 5 { return record }
          return (0, 0)
        }
      }
      for round in 0..<5 {
        for source in sources.shuffled() { try source.write(1) }
        if round % 2 == 0 { try await Task.sleep(for: .milliseconds(1)) }
      }
      var tags: Set<UInt64> = []
      for try await (tag, number) in group {
        #expect(number == 5)
        tags.insert(tag)
      }
      #expect(tags.count == 20)
    }
  }
}
