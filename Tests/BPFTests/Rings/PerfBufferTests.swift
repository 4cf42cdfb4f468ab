// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFSystem
import TestSupport
import Testing

@Suite(.requires(.root), .requires(kernel: "5.10"), .timeLimit(.minutes(10))) struct PerfBufferTests {
  static let processors = (try? CPUSet.online.numbers) ?? [0]

  func makeSource() throws -> RecordSource { try RecordSource(.perf, size: try CPUSet.possible.count) }

  @Test(arguments: [8, 60, 64, 1000, 8000])
  func recordsComeFromTheirProcessor(_ length: Int) throws {
    let source = try makeSource()
    var buffer = try PerfBuffer(map: source.map.rawValue, maxEntries: source.size, pages: 16)
    expectEqual(buffer.processors, Self.processors)
    try source.configure(length: length)
    for cpu in Self.processors { try source.write(onProcessor: cpu) }
    var seen: [Int] = []
    let count = buffer.consume { record in
      seen.append(record.cpu)
      // The kernel rounds up to eight, with the four bytes of the length before.
      #expect(record.bytes.count >= length && record.bytes.count < length + 8)
      #expect(UnsafeRawBufferPointer(rebasing: record.bytes[..<length]).isIntact)
      #expect(record.time > 0 && record.time <= KernelClock.monotonic())
    }
    #expect(count == Self.processors.count)
    #expect(seen == Self.processors)
    expectEqual(buffer.lost, 0)
  }

  @Test func wrapsAroundInTheMiddleOfRecords() throws {
    let source = try makeSource()
    var buffer = try PerfBuffer(map: source.map.rawValue, maxEntries: source.size, pages: 1)
    try source.configure(length: 1004)
    var expected: UInt64 = 1
    for _ in 0..<100 {
      try source.write(onProcessor: 0)
      try source.write(onProcessor: 0)
      buffer.consume { record in
        #expect(record.bytes.number == expected && UnsafeRawBufferPointer(rebasing: record.bytes[..<1004]).isIntact)
        expected += 1
      }
    }
    #expect(expected == 201)
  }

  @Test func lostRecordsAreCounted() throws {
    let source = try makeSource()
    var buffer = try PerfBuffer(map: source.map.rawValue, maxEntries: source.size, pages: 1)
    try source.configure(length: 1000)
    for _ in 0..<20 { try source.write(onProcessor: 0) }
    let first = buffer.consume { _ in }
    #expect(first > 0 && first < 20)
    // The kernel tells of the loss in front of the next record that it can write.
    try source.write(onProcessor: 0)
    expectEqual(buffer.consume { #expect($0.bytes.number == 21) }, 1)
    expectEqual(UInt64(first) + buffer.lost, 20)
  }

  @Test func mergesByTime() throws {
    let source = try makeSource()
    var buffer = try PerfBuffer(map: source.map.rawValue, maxEntries: source.size, order: .byTime())
    for round in 0..<50 { try source.write(onProcessor: Self.processors[round * 7 % 5 % Self.processors.count]) }
    var numbers: [UInt64] = []
    var last: UInt64 = 0
    expectEqual(buffer.consume(limit: 20) { numbers.append($0.bytes.number) }, 20)
    buffer.consume { record in
      numbers.append(record.bytes.number)
      #expect(record.time >= last)
      last = record.time
    }
    #expect(numbers == Array(1...50))
  }

  @Test func youngRecordsAreHeldBack() throws {
    let source = try makeSource()
    var buffer = try PerfBuffer(
      map: source.map.rawValue, maxEntries: source.size, order: .byTime(holdBack: .seconds(1000)))
    try source.write(onProcessor: 0)
    expectEqual(buffer.consume { _ in }, 0)
  }

  @Test func readerIsWokenByTheRecordItAskedFor() throws {
    let source = try makeSource()
    var buffer = try PerfBuffer(map: source.map.rawValue, maxEntries: source.size, wakeup: .events(3))
    try expectEqual(buffer.wait(timeout: .milliseconds(1)), false)
    let writer = Worker { for _ in 0..<3 { try source.write(onProcessor: 0) } }
    try expectEqual(buffer.wait(), true)
    try writer.join()
    expectEqual(buffer.consume { _ in }, 3)
  }

  @Test func readsOnlyWhatTheMapHasEntriesFor() throws {
    let source = try RecordSource(.perf, size: 1)
    var buffer = try PerfBuffer(map: source.map.rawValue, maxEntries: 1)
    expectEqual(buffer.processors, [0])
    try buffer.refresh()
    expectEqual(buffer.processors, [0])
  }

  @Test func badSizesAreRefused() throws {
    let source = try makeSource()
    #expect(throws: BPFError.self) {
      _ = try PerfBuffer(map: source.map.rawValue, maxEntries: 1, pages: 3).lost
    }
  }

  @Test func mapIsEmptiedWithTheReader() throws {
    let source = try makeSource()
    do {
      let buffer = try PerfBuffer(map: source.map.rawValue, maxEntries: source.size)
      expectEqual(buffer.lost, 0)
    }
    // Nobody is there: the helper refuses, which the program counts.
    try source.write(onProcessor: 0)
    #expect(try source.refused == 1)
  }

  @Test func nothingLeaks() throws {
    try expectNoLeak {
      let source = try RecordSource(.perf, size: try CPUSet.possible.count)
      let buffer = try PerfBuffer(map: source.map.rawValue, maxEntries: source.size)
      expectEqual(buffer.lost, 0)
    }
  }
}
