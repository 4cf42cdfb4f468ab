// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFSystem
import TestSupport
import Testing

/// Rings that real programs fill, each run of a program writing one record.
@Suite(.requires(.root), .requires(kernel: "5.8"), .timeLimit(.minutes(10))) struct RingBufferTests {
  @Test(arguments: [8, 64, 100, 512, 2048, 8191])
  func recordsComeInOrderAndWhole(_ length: Int) throws {
    let source = try RecordSource(.ring, size: 1 << 17)
    try source.configure(length: length)
    var ring = try RingBuffer(map: source.map.rawValue, size: source.size)
    expectEqual(ring.available, 0)
    try source.write(10)
    expectEqual(ring.available, 10 * ((length + 15) & ~7))
    var numbers: [UInt64] = []
    let count = ring.consume { bytes in
      #expect(bytes.count == length)
      #expect(bytes.isIntact)
      numbers.append(bytes.number)
    }
    #expect(count == 10)
    #expect(numbers == Array(1...10))
    expectEqual(ring.available, 0)
    let again = ring.consume { _ in Issue.record("nothing is left") }
    #expect(again == 0)
  }

  /// Many times around a ring whose size is no multiple of the record's.
  @Test func wrapsAround() throws {
    let source = try RecordSource(.ring, size: 4096)
    try source.configure(length: 1000)
    var ring = try RingBuffer(map: source.map.rawValue, size: source.size)
    var expected: UInt64 = 1
    for _ in 0..<200 {
      try source.write(3)
      ring.consume { bytes in
        #expect(bytes.number == expected && bytes.isIntact && bytes.count == 1000)
        expected += 1
      }
    }
    #expect(expected == 601)
    #expect(try source.refused == 0)
  }

  @Test func discardedRecordsArePassedOver() throws {
    let source = try RecordSource(.reserving)
    var ring = try RingBuffer(map: source.map.rawValue, size: source.size)
    try source.write(12)
    var numbers: [UInt64] = []
    ring.consume { numbers.append($0.number) }
    #expect(numbers == [1, 2, 4, 5, 7, 8, 10, 11])
    expectEqual(ring.available, 0)
    // Nothing but a discarded record: its space comes back too.
    try source.write(3)
    let count = ring.consume { _ in }
    expectEqual([count, ring.available], [2, 0])
  }

  @Test func fullRingRefusesAndRecovers() throws {
    let source = try RecordSource(.ring, size: 4096)
    try source.configure(length: 56)  // 64 with its header
    var ring = try RingBuffer(map: source.map.rawValue, size: source.size)
    try source.write(100)
    #expect(try source.refused == 37)  // the kernel keeps a ring from being filled to the last byte
    var last: UInt64 = 0
    expectEqual(ring.consume { last = $0.number }, 63)
    #expect(last == 63)
    try source.write(1)
    ring.consume { last = $0.number }
    #expect(last == 101)
  }

  @Test func limitsStopAndGoOn() throws {
    let source = try RecordSource(.ring)
    var ring = try RingBuffer(map: source.map.rawValue, size: source.size)
    try source.write(10)
    var numbers: [UInt64] = []
    expectEqual(ring.consume(limit: 3) { numbers.append($0.number) }, 3)
    expectEqual(ring.consume(limit: 3) { numbers.append($0.number) }, 3)
    expectEqual(ring.read().count, 4)
    #expect(numbers == Array(1...6))
  }

  @Test func throwingEndsReadingAfterTheRecord() throws {
    struct Stop: Error {}
    let source = try RecordSource(.ring)
    var ring = try RingBuffer(map: source.map.rawValue, size: source.size)
    try source.write(5)
    do {
      try ring.consume { (bytes) throws(Stop) in if bytes.number == 2 { throw Stop() } }
      Issue.record("not thrown")
    } catch {}
    var numbers: [UInt64] = []
    ring.consumeSpans { numbers.append($0.unsafeLoadUnaligned(as: UInt64.self)) }
    #expect(numbers == [3, 4, 5])
  }

  /// The position is in the map: the next reader goes on where this one ended.
  @Test func nextReaderGoesOn() throws {
    let source = try RecordSource(.ring)
    do {
      var first = try RingBuffer(map: source.map.rawValue, size: source.size)
      try source.write(4)
      expectEqual(first.consume(limit: 2) { _ in }, 2)
    }
    var second = try RingBuffer(map: source.map.rawValue, size: source.size)
    var numbers: [UInt64] = []
    second.consume { numbers.append($0.number) }
    #expect(numbers == [3, 4])
  }

  @Test func waitingEndsByTimeAndByRecord() throws {
    let source = try RecordSource(.ring)
    var ring = try RingBuffer(map: source.map.rawValue, size: source.size)
    try expectEqual(ring.wait(timeout: .zero), false)
    try expectEqual(ring.wait(timeout: .milliseconds(2)), false)
    try expectEqual(ring.poll(timeout: .milliseconds(2)) { _ in }, 0)
    let writer = Worker { try source.write(1) }
    try expectEqual(ring.poll { #expect($0.number == 1) }, 1)
    try writer.join()
    // Written without a wake-up: seen when somebody looks.
    try source.configure(length: 64, flags: 1)
    try source.write(1)
    try expectEqual(ring.poll(timeout: .milliseconds(1)) { _ in }, 1)
  }

  /// Writers on two processors against a reader that sleeps, without a limit, whenever it has caught up. A lost
  /// wake-up would leave it asleep (later records wake only a reader that has read all before them), a wrong order of
  /// memory would show as a torn or missing record.
  @Test(arguments: [4096, 1 << 18]) func writersAndReaderRace(_ size: Int) throws {
    let first = try RecordSource(.ring, size: size, tag: 1)
    let second = try RecordSource(.ring, tag: 2, sharing: first)
    let last = try RecordSource(.ring, tag: 3, sharing: first)
    var ring = try RingBuffer(map: first.map.rawValue, size: first.size)
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
    while numbers[3] == 0 {
      count += try ring.poll { bytes in
        let isNext = bytes.number > numbers[bytes.tag] ?? .max
        if !isNext || !bytes.isIntact { Issue.record("record \(bytes.number) of \(bytes.tag)") }
        numbers[bytes.tag] = bytes.number
      }
    }
    try end.join()
    let written = (0..<runs / 20).reduce(0) { $0 + $1 % 39 + 1 } * 2 + 1
    #expect(UInt64(count) + (try first.refused) + (try second.refused) == UInt64(written))
  }

  @Test func groupReadsSeveralRings() throws {
    let first = try RecordSource(.ring, tag: 10)
    let second = try RecordSource(.ring, tag: 20)
    var group = try RingBufferGroup()
    try expectEqual(group.add(RingBuffer(map: first.map.rawValue, size: first.size)), 0)
    try expectEqual(group.add(RingBuffer(map: second.map.rawValue, size: second.size)), 1)
    try expectEqual(group.poll(timeout: .zero) { _, _ in }, 0)
    try second.write(2)
    var seen: [[UInt64]] = []
    try expectEqual(group.poll { seen.append([UInt64($0), $1.tag]) }, 2)
    try first.write(1)
    try second.write(1)
    expectEqual(group.consume { seen.append([UInt64($0), $1.tag]) }, 2)
    #expect(seen == [[1, 20], [1, 20], [0, 10], [1, 20]])
  }

  @Test func otherMapsAreRefused() throws {
    let array = try BPFCall.createMap(MapCreate(type: 2, keySize: 4, valueSize: 8, maxEntries: 1))
    let error = #expect(throws: BPFError.self) { _ = try RingBuffer(map: array.rawValue, size: 4096).size }
    #expect("\(error.map(String.init(describing:)) ?? "")".contains("mapping a ring buffer of 4096 bytes"))
    let source = try RecordSource(.ring, size: 8192)
    #expect(throws: BPFError.self) { _ = try RingBuffer(map: source.map.rawValue, size: 5000).size }
    #expect(throws: BPFError.self) { _ = try RingBuffer(map: source.map.rawValue, size: 1 << 20).size }
  }

  @Test func nothingLeaks() throws {
    try expectNoLeak {
      let source = try RecordSource(.ring)
      var group = try RingBufferGroup()
      try group.add(RingBuffer(map: source.map.rawValue, size: source.size))
      try source.write(1)
      expectEqual(group.consume { _, _ in }, 1)
    }
  }
}
