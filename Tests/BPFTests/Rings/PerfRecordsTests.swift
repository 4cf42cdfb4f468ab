// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFSystem
import TestSupport
import Testing

/// Perf buffers as asynchronous sequences.
@Suite(.requires(.root), .requires(kernel: "5.10"), .timeLimit(.minutes(10))) struct PerfRecordsTests {
  static let processors = (try? CPUSet.online.numbers) ?? [0]

  private func makeSource() throws -> RecordSource { try RecordSource(.perf, size: try CPUSet.possible.count) }

  @Test(arguments: [PerfBuffer.Order.byProcessor, .byTime(), .byTime(holdBack: .milliseconds(2))])
  func recordsArriveAsTheyAreWritten(order: PerfBuffer.Order) async throws {
    let source = try makeSource()
    let records = try PerfBuffer(map: source.map.rawValue, maxEntries: source.size, order: order)
      .records { $0.bytes.number }
    let reader = Task {
      var numbers: [UInt64] = []
      for try await number in records {
        numbers.append(number)
        if numbers.count == 300 { break }
      }
      return numbers
    }
    for round in 0..<300 {
      try source.write(onProcessor: Self.processors[round % Self.processors.count])
      if round % 10 == 0 { await Task.yield() }
    }
    #expect(try await reader.value.sorted() == Array(1...300))
    #expect(records.lost == 0)
  }

  /// Each record wakes a reader that waits already, or is seen by one that is about to.
  @Test func noWakeUpIsMissed() async throws {
    let source = try makeSource()
    let records = try PerfBuffer(map: source.map.rawValue, maxEntries: source.size).records { $0.bytes.number }
    var iterator = records.makeAsyncIterator()
    for round in 1...100 {
      let writer = Task { try source.write(onProcessor: Self.processors[0]) }
      try await expectEqual(iterator.next(), UInt64(round))
      try await writer.value
    }
  }

  @Test func lossIsCounted() async throws {
    let source = try makeSource()
    try source.configure(length: 1000)
    let records = try PerfBuffer(map: source.map.rawValue, maxEntries: source.size, pages: 1).records {
      $0.bytes.number
    }
    for _ in 0..<20 { try source.write(onProcessor: 0) }
    var iterator = records.makeAsyncIterator()
    try await expectEqual(iterator.next(), 1)
    try source.write(onProcessor: 0)
    while let number = try await iterator.next(), number != 21 {}
    #expect(records.lost > 0)
  }

  @Test func cancellationEndsTheSequence() async throws {
    let source = try makeSource()
    let records = try PerfBuffer(map: source.map.rawValue, maxEntries: source.size).records { $0.cpu }
    let reader = Task {
      var count = 0
      for try await _ in records { count += 1 }
      return count
    }
    try await Task.sleep(for: .milliseconds(5))
    reader.cancel()
    #expect(try await reader.value == 0)
  }

  /// Fewer records than the reader is woken for.
  @Test func recordsWithoutAWakeUpAreFoundInTime() async throws {
    let source = try makeSource()
    let records = try PerfBuffer(map: source.map.rawValue, maxEntries: source.size, wakeup: .events(1000))
      .records(interval: .milliseconds(10)) { $0.bytes.number }
    let reader = Task { () -> UInt64? in
      for try await number in records { return number }
      return nil
    }
    try await Task.sleep(for: .milliseconds(5))
    try source.write(onProcessor: 0)
    #expect(try await reader.value == 1)
  }
}
