// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFSystem
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Rings that real programs fill, each run of a program writing one record.
@Suite(.requires(.root), .requires(kernel: "5.8"), .timeLimit(.minutes(10))) struct RingReaderTests {
  @Test(arguments: [8, 64, 100, 512, 2048, 8191])
  func recordsComeInOrderAndWhole(_ length: Int) throws {
    let source = try RecordSource(.ring, size: 1 << 17)
    try source.configure(length: length)
    let reader = try RingReader(source.map)
    try source.write(10)
    var numbers: [UInt64] = []
    let count = reader.consumeRecords { bytes in
      let isWhole = bytes.byteCount == length && bytes.isIntact()
      #expect(isWhole)
      numbers.append(bytes.number)
    }
    #expect(count == 10)
    #expect(numbers == Array(1...10))
    expectEqual(reader.consumeRecords { _ in Issue.record("nothing is left") }, 0)
  }

  /// Many times around a ring whose size is no multiple of the record's.
  @Test func wrapsAround() throws {
    let source = try RecordSource(.ring, size: 4096)
    try source.configure(length: 1000)
    let reader = try RingReader(source.map)
    var expected: UInt64 = 1
    for round in 0..<200 {
      try source.write(3)
      func check(_ bytes: RawSpan) {
        let isExpected = bytes.number == expected && bytes.isIntact() && bytes.byteCount == 1000
        #expect(isExpected)
        expected += 1
      }
      if round % 2 == 0 {
        reader.consumeRecords(check)
      } else {
        try reader.poll(timeout: .zero) { check($0.span.bytes) }
      }
    }
    #expect(expected == 601)
    #expect(try source.refused == 0)
  }

  /// What is mapped is resident memory: the data once, and only where somebody reads it.
  @Test func theDataIsMappedOnceByWhoReadsIt() throws {
    // No other test has a ring of this size.
    let size = 1 << 22
    let source = try RecordSource(.ring, size: size)
    let readers = try (0..<2).map { _ in try RingReader(source.map) }
    func mappings() throws -> [Int] {
      try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).split(separator: "\n").compactMap { line in
        let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { Int($0, radix: 16) }
        return ends.count == 2 && line.contains("bpf-map") && ends[1] - ends[0] >= size ? ends[1] - ends[0] : nil
      }
    }
    try expectEqual(mappings(), [])
    try source.write(1)
    try expectEqual(readers[0].wait(timeout: .seconds(60)), true)
    expectEqual(readers[0].consumeRecords { _ in }, 1)
    try expectEqual(mappings(), [size + sysconf(CInt(_SC_PAGESIZE))])
  }

  @Test func discardedRecordsArePassedOver() throws {
    let source = try RecordSource(.reserving)
    let reader = try RingReader(source.map) { $0.number }
    try source.write(12)
    var numbers: [UInt64] = []
    reader.consumeRecords(limit: 4) { numbers.append($0.number) }
    try reader.poll(timeout: .zero) { numbers.append($0) }
    #expect(numbers == [1, 2, 4, 5, 7, 8, 10, 11])
    // Nothing but a discarded record: its space comes back, too, and it is not waited for again.
    try source.write(3)
    expectEqual(reader.consumeRecords { _ in }, 2)
    try expectEqual(reader.wait(timeout: .milliseconds(1)), false)
  }

  @Test func fullRingRefusesAndRecovers() throws {
    let source = try RecordSource(.ring, size: 4096)
    try source.configure(length: 56)  // 64 with its header
    let reader = try RingReader(source.map) { $0.number }
    try source.write(100)
    #expect(try source.refused == 37)  // the kernel keeps a ring from being filled to the last byte
    var last: UInt64 = 0
    expectEqual(reader.consumeRecords { last = $0.number }, 63)
    #expect(last == 63)
    try source.write(1)
    try expectEqual(reader.next(timeout: .zero), 101)
  }

  @Test func limitsStopAndGoOn() throws {
    let source = try RecordSource(.ring)
    let reader = try RingReader(source.map) { $0.number }
    try source.write(10)
    var numbers: [UInt64] = []
    expectEqual(reader.consumeRecords(limit: 3) { numbers.append($0.number) }, 3)
    try expectEqual(reader.poll(limit: 0) { _ in }, 0)
    try expectEqual(reader.poll(limit: 3) { numbers.append($0) }, 3)
    try expectEqual(reader.next(), 7)
    expectEqual(reader.consumeRecords { _ in }, 3)
    #expect(numbers == Array(1...6))
  }

  /// More than any limit: every record is handed over or left for the next call.
  @Test func noRecordOfABurstIsLost() throws {
    let source = try RecordSource(.ring, size: 1 << 20)
    let reader = try RingReader(source.map) { $0.number }
    try source.write(10_000)
    var numbers: [UInt64] = []
    var polls = 0
    while try reader.poll(timeout: .zero, { numbers.append($0) }) > 0 { polls += 1 }
    #expect(numbers == Array(1...10_000))
    #expect(polls == 10)
  }

  @Test func throwingEndsReadingAfterTheRecord() throws {
    struct Stop: Error {}
    let source = try RecordSource(.ring)
    let reader = try RingReader(source.map) { $0.number }
    try source.write(8)
    #expect(throws: Stop.self) {
      try reader.consumeRecords { (bytes) throws(Stop) in if bytes.number == 2 { throw Stop() } }
    }
    try expectEqual(reader.next(), 3)
    #expect(throws: Stop.self) { try reader.poll { if $0 == 5 { throw Stop() } } }
    var numbers: [UInt64] = []
    try reader.poll { numbers.append($0) }
    #expect(numbers == [6, 7, 8])
  }

  @Test func decodersMayThrowAndPassOver() throws {
    struct Odd: Error {}
    let source = try RecordSource(.ring)
    let reader = try RingReader<UInt64>(source.map) {
      if $0.number == 3 { throw Odd() }
      return $0.number % 2 == 0 ? $0.number : nil
    }
    try source.write(4)
    try expectEqual(reader.next(), 2)
    let error = #expect(throws: BPFError.self) { _ = try reader.next() }
    #expect(error?.code == .decoding && error?.underlying is Odd)
    #expect("\(error.map(String.init(describing:)) ?? "")".contains("reading a record of map records"))
    try expectEqual(reader.next(timeout: .zero), 4)
    // Passed over: the time ends all the same.
    try source.write(1)
    try expectEqual(reader.next(timeout: .milliseconds(1)), nil)
  }

  @Test func recordsOfAnotherSizeAreAnError() throws {
    struct Small: BitwiseCopyable, Sendable { var number: UInt64 }
    let source = try RecordSource(.ring)
    let reader = try RingReader<Small>(source.map)
    try source.write(1)
    let error = #expect(throws: BPFError.self) { try reader.poll { _ in } }
    #expect(error?.code == .sizeMismatch && error?.detail == "the record has 64 bytes, Small has 8")
    try source.configure(length: 8)
    try source.write(1)
    try expectEqual(reader.next()?.number, 2)
  }

  /// The position is in the map: the next reader goes on where this one ended.
  @Test func nextReaderGoesOn() throws {
    let source = try RecordSource(.ring)
    do {
      let first = try RingReader(source.map) { $0.number }
      try source.write(4)
      expectEqual(first.consumeRecords(limit: 1) { _ in }, 1)
      try expectEqual(first.next(), 2)
    }
    let second = try RingReader(source.map) { $0.number }
    try expectEqual(second.next(), 3)
    try expectEqual(second.next(), 4)
  }

  /// One meaning of "the time is over": nil, zero or false, after a last look.
  @Test func waitingEndsByTimeAndByRecord() throws {
    let source = try RecordSource(.ring)
    let reader = try RingReader(source.map) { $0.number }
    for timeout in [Duration.zero, .milliseconds(2)] {
      try expectEqual(reader.wait(timeout: timeout), false)
      try expectEqual(reader.next(timeout: timeout), nil)
      try expectEqual(reader.poll(timeout: timeout) { _ in }, 0)
    }
    let writer = Worker { try source.write(1) }
    try expectEqual(reader.poll { expectEqual($0, 1) }, 1)
    try writer.join()
  }

  /// Written without a wakeup: seen by whoever looks, when a time limit ends, and in any case after the interval.
  @Test func recordsWithoutAWakeupAreSeen() throws {
    let source = try RecordSource(.ring)
    try source.configure(length: 64, flags: 1)
    let reader = try RingReader(source.map) { $0.number }
    #expect(reader.checkInterval == .seconds(1))
    reader.checkInterval = nil
    let isOpen = Atomic<Bool>(false)
    let late = Worker {
      while !isOpen.load(ordering: .relaxed) { usleep(1000) }
      try source.write(1)
    }
    // Asleep without a look of its own, until its time is over; if the writer is late, once more.
    isOpen.store(true, ordering: .relaxed)
    var seen: UInt64?
    while seen == nil { seen = try reader.next(timeout: .milliseconds(20)) }
    #expect(seen == 1)
    try late.join()
    reader.checkInterval = .milliseconds(5)
    let writer = Worker { try source.write(1) }
    try expectEqual(reader.next(), 2)
    try writer.join()
  }

  @Test func anotherThreadWakesAReader() throws {
    let source = try RecordSource(.ring)
    let reader = try RingReader(source.map) { $0.number }
    let waker = Worker { reader.wake() }
    try expectEqual(reader.next(), nil)
    try waker.join()
    // It is one wait that ends, whatever there is to read.
    try source.write(2)
    reader.wake()
    try expectEqual(reader.poll { _ in }, 0)
    try expectEqual(reader.next(), 1)
    reader.wake()
    try expectEqual(reader.wait(), false)
    try expectEqual(reader.next(), 2)
  }

  /// Writers on two CPUs against a reader that sleeps, without a limit, whenever it has caught up. A lost wakeup would
  /// leave it asleep (later records wake only a reader that has read all before them), a wrong order of memory would show
  /// as a torn or missing record.
  @Test(arguments: [4096, 1 << 18], [false, true]) func writersAndReaderRace(_ size: Int, decoding: Bool) throws {
    let first = try RecordSource(.ring, size: size, tag: 1)
    let second = try RecordSource(.ring, tag: 2, sharing: first)
    let last = try RecordSource(.ring, tag: 3, sharing: first)
    let reader = try RingReader(first.map) { bytes in (bytes.tag, bytes.isIntact() ? bytes.number : 0) }
    reader.checkInterval = nil
    let runs = 40_000
    let writers = [first, second].map { source in
      Worker { for round in 0..<runs / 20 { try source.write(round % 39 + 1) } }
    }
    let end = Worker {
      for writer in writers { try writer.join() }
      // The last record says that it is the last, once there is space for it.
      var refused: UInt64
      repeat {
        refused = try last.refused
        try last.write(1)
      } while try last.refused > refused
    }
    var numbers: [UInt64: UInt64] = [1: 0, 2: 0, 3: 0]
    var count = 0
    func check(_ tag: UInt64, _ number: UInt64) {
      if number <= numbers[tag] ?? .max { Issue.record("record \(number) of \(tag)") }
      numbers[tag] = number
    }
    while numbers[3] == 0 {
      if decoding {
        count += try reader.poll { check($0.0, $0.1) }
      } else {
        try expectEqual(reader.wait(), true)
        count += reader.consumeRecords { check($0.tag, $0.isIntact() ? $0.number : 0) }
      }
    }
    try end.join()
    let written = (0..<runs / 20).reduce(0) { $0 + $1 % 39 + 1 } * 2 + 1
    #expect(UInt64(count) + (try first.refused) + (try second.refused) == UInt64(written))
  }

  @Test func oneReaderReadsSeveralMaps() throws {
    enum Message: Equatable {
      case first(UInt64)
      case second(UInt64)
    }
    let first = try RecordSource(.ring)
    let second = try RecordSource(.ring)
    let reader = try RingReader(first.map) { Message.first($0.number) }
    try reader.add(second.map) { .second($0.number) }
    try expectEqual(reader.next(timeout: .zero), nil)
    let writer = Worker { try second.write(2) }
    try expectEqual(reader.next(), .second(1))
    try writer.join()
    try first.write(3)
    var seen: [Message] = []
    // They take turns.
    while let message = try reader.next(timeout: .zero) { seen.append(message) }
    #expect(seen.prefix(2).contains(.second(2)))
    #expect(seen.filter { $0 != .second(2) } == [.first(1), .first(2), .first(3)])
    let error = #expect(throws: BPFError.self) { try reader.add(second.map) { _ in nil } }
    #expect(error?.hint == "the reader reads this map already")
  }

  @Test func otherMapsAreRefused() throws {
    let array = try AnyMap(
      owning: BPFCall.createMap(MapCreate(type: 2, keySize: 4, valueSize: 8, maxEntries: 1)), name: "counts")
    let error = #expect(throws: BPFError.self) { _ = try RingReader(array).map }
    #expect(error?.context == "opening map counts" && error?.detail == "its type is array, not ringbuf")
    #expect(throws: BPFError.self) { _ = try PerfReader(array).map }
    #expect(throws: BPFError.self) { _ = try UserRingWriter(array).size }
  }

  @Test func nothingLeaks() throws {
    try expectNoLeak {
      let source = try RecordSource(.ring)
      let reader = try RingReader(source.map)
      try source.write(1)
      try expectEqual(reader.next()?.count, 64)
    }
  }
}
