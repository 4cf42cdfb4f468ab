// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFSystem
import TestSupport
import Testing

@Suite(.requires(.root), .requires(kernel: "5.10"), .timeLimit(.minutes(10))) struct PerfReaderTests {
  static let cpus = (try? CPUSet.online.numbers) ?? [0]

  func makeSource() throws -> RecordSource { try RecordSource(.perf, size: try CPUSet.possible.count) }

  @Test(arguments: [8, 60, 64, 1000, 8000])
  func recordsComeFromTheirCPU(_ length: Int) throws {
    let source = try makeSource()
    let reader = try PerfReader(source.map, options: PerfOptions(order: .byCPU))
    expectEqual(reader.cpus, Self.cpus)
    try source.configure(length: length)
    for cpu in Self.cpus { try source.write(onCPU: cpu) }
    var seen: [Int] = []
    let count = reader.consumeRecords { bytes, record in
      seen.append(record.cpu)
      // The kernel rounds up to eight, with the four bytes of the length before.
      #expect(bytes.byteCount >= length && bytes.byteCount < length + 8)
      let isIntact = bytes.isIntact(length)
      #expect(isIntact)
      #expect(record.time > 0 && record.time <= KernelClock.monotonic())
    }
    #expect(count == Self.cpus.count)
    #expect(seen == Self.cpus)
    expectEqual(reader.lost, 0)
  }

  @Test func wrapsAroundInTheMiddleOfRecords() throws {
    let source = try makeSource()
    let reader = try PerfReader(source.map, options: PerfOptions(pages: 1))
    try source.configure(length: 1004)
    var expected: UInt64 = 1
    for _ in 0..<100 {
      try source.write(onCPU: 0)
      try source.write(onCPU: 0)
      reader.consumeRecords { bytes, _ in
        let isExpected = bytes.number == expected && bytes.isIntact(1004)
        #expect(isExpected)
        expected += 1
      }
    }
    #expect(expected == 201)
  }

  @Test func lostRecordsAreCounted() throws {
    let source = try makeSource()
    let reader = try PerfReader(source.map, options: PerfOptions(pages: 1))
    try source.configure(length: 1000)
    for _ in 0..<20 { try source.write(onCPU: 0) }
    let first = reader.consumeRecords { _, _ in }
    #expect(first > 0 && first < 20)
    // The kernel reports the loss in front of the next record that it can write.
    try source.write(onCPU: 0)
    expectEqual(reader.consumeRecords { bytes, _ in expectEqual(bytes.number, 21) }, 1)
    expectEqual(UInt64(first) + reader.lost, 20)
  }

  @Test func mergesByTime() throws {
    let source = try makeSource()
    let reader = try PerfReader(source.map)
    for round in 0..<50 { try source.write(onCPU: Self.cpus[round * 7 % 5 % Self.cpus.count]) }
    var numbers: [UInt64] = []
    var last: UInt64 = 0
    expectEqual(reader.consumeRecords(limit: 20) { bytes, _ in numbers.append(bytes.number) }, 20)
    reader.consumeRecords { bytes, record in
      numbers.append(bytes.number)
      #expect(record.time >= last)
      last = record.time
    }
    #expect(numbers == Array(1...50))
  }

  @Test func youngRecordsAreHeldBack() throws {
    let source = try makeSource()
    let reader = try PerfReader(source.map, options: PerfOptions(order: .byTime(holdBack: .seconds(1000))))
    try source.write(onCPU: 0)
    expectEqual(reader.consumeRecords { _, _ in }, 0)
  }

  @Test func readerIsWokenByTheRecordItAskedFor() throws {
    let source = try makeSource()
    let reader = try PerfReader(source.map, options: PerfOptions(wakeup: .records(3)))
    try expectEqual(reader.wait(timeout: .milliseconds(1)), false)
    let writer = Worker { for _ in 0..<3 { try source.write(onCPU: 0) } }
    try expectEqual(reader.wait(), true)
    try writer.join()
    expectEqual(reader.consumeRecords { _, _ in }, 3)
  }

  @Test func readsOnlyWhatTheMapHasEntriesFor() throws {
    let source = try RecordSource(.perf, size: 1)
    let reader = try PerfReader(source.map)
    expectEqual(reader.cpus, [0])
    try reader.refresh()
    expectEqual(reader.cpus, [0])
  }

  @Test func badSizesAreRefused() throws {
    let source = try makeSource()
    #expect(throws: BPFError.self) {
      _ = try PerfReader(source.map, options: PerfOptions(pages: 3)).lost
    }
  }

  /// A skeleton's reader: opened when it is asked to be, or when somebody waits.
  @Test func unopenedReadersOpenWithTheFirstWait() throws {
    let source = try makeSource()
    let reader = try PerfReader(source.map, options: nil)
    #expect(reader.cpus.isEmpty)
    try expectEqual(reader.next(timeout: .zero), nil)
    #expect(reader.cpus == Self.cpus)
    #expect(throws: BPFError.self) { try reader.open(PerfOptions(pages: 1)) }
    try source.write(onCPU: 0)
    try expectEqual(reader.next(timeout: .zero)?.count ?? 0 >= 64, true)
  }

  @Test(arguments: [PerfOptions.Order.byCPU, .byTime(), .byTime(holdBack: .milliseconds(2))])
  func loopsGoOnWhereTheLastOneEnded(_ order: PerfOptions.Order) throws {
    let source = try makeSource()
    let reader = try PerfReader(source.map, options: PerfOptions(order: order)) { bytes, _ in bytes.number }
    for round in 0..<60 { try source.write(onCPU: Self.cpus[round % Self.cpus.count]) }
    var numbers: [UInt64] = []
    while numbers.count < 20, let number = try reader.next() { numbers.append(number) }
    while numbers.count < 60 { try reader.poll(limit: 7) { numbers.append($0) } }
    #expect(numbers.sorted() == Array(1...60))
    if order != .byCPU { #expect(numbers == Array(1...60)) }
  }

  @Test func mapIsEmptiedWithTheReader() throws {
    let source = try makeSource()
    do {
      let reader = try PerfReader(source.map)
      expectEqual(reader.lost, 0)
    }
    // Nobody reads: the helper refuses, which the program counts.
    try source.write(onCPU: 0)
    #expect(try source.refused == 1)
  }

  @Test func nothingLeaks() throws {
    try expectNoLeak {
      let source = try RecordSource(.perf, size: try CPUSet.possible.count)
      let reader = try PerfReader(source.map)
      expectEqual(reader.lost, 0)
    }
  }
}
