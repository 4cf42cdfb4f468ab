// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFSystem
import Glibc
import TestSupport
import Testing

/// A program that drains a user ring: it adds up the first eight bytes of each record, and counts the records.
final class RecordDrain: @unchecked Sendable {
  let map: AnyMap
  let sums: Descriptor
  let program: Descriptor
  let size: Int

  init(size: Int = 4096) throws {
    self.size = size
    map = try AnyMap(
      owning: BPFCall.createMap(MapCreate(type: 31, keySize: 0, valueSize: 0, maxEntries: UInt32(size))))
    sums = try BPFCall.createMap(MapCreate(type: 2, keySize: 4, valueSize: 16, maxEntries: 1))
    let main: [UInt64] =
      loadMap(1, map.fd) + [
        slot(0x18, 2, 4, 0, 6), 0,  // the callback, by distance
        slot(0xb7, 3, 0, 0, 0),
        slot(0xb7, 4, 0, 0, 0),
        slot(0x85, 0, 0, 0, 209),
        slot(0xb7, 0, 0, 0, 2),
        slot(0x95),
      ]
    let callback: [UInt64] =
      [
        slot(0xbf, 3, 1),  // the record
        slot(0xbf, 1, 10),
        slot(0x07, 1, 0, 0, -16),
        slot(0xb7, 2, 0, 0, 8),
        slot(0xb7, 4, 0, 0, 0),
        slot(0xb7, 5, 0, 0, 0),
        slot(0x7a, 10, 0, -16, 0),
        slot(0x85, 0, 0, 0, 201),  // bpf_dynptr_read
        slot(0x62, 10, 0, -4, 0),
        slot(0xbf, 2, 10),
        slot(0x07, 2, 0, 0, -4),
      ] + loadMap(1, sums.rawValue) + [
        slot(0x85, 0, 0, 0, 1),
        slot(0x15, 0, 0, 6, 0),
        slot(0x79, 1, 10, -16),
        slot(0x79, 2, 0, 0),
        slot(0x0f, 2, 1),
        slot(0x7b, 0, 2, 0),
        slot(0xb7, 1, 0, 0, 1),
        slot(0xdb, 0, 1, 8),
        slot(0xb7, 0, 0, 0, 0),
        slot(0x95),
      ]
    // Callbacks need types: int; int (void); the two functions.
    let strings = Array("\0int\0main\0record\0".utf8)
    let words: [UInt32] = [
      1, 1 << 24, 4, 1 << 24 | 32,
      0, 13 << 24, 1,
      5, 12 << 24, 2,
      10, 12 << 24, 2,
    ]
    var blob: [UInt8] = [0x9f, 0xeb, 1, 0]
    for word in [24, 0, UInt32(words.count * 4), UInt32(words.count * 4), UInt32(strings.count)] + words {
      withUnsafeBytes(of: word) { blob += $0 }
    }
    blob += strings
    let btf = try BPFCall.loadBTF(blob.span.bytes)
    var load = ProgramLoad(type: 3, name: "drain")
    load.btfFD = btf.rawValue
    load.functionRecords = [0, 3, UInt32(main.count), 4]
    let code = main + callback
    program = try BPFCall.loadProgram(load, instructions: code.span.bytes)
  }

  func drain() throws {
    var run = ProgramRun()
    run.data = [UInt8](repeating: 0, count: 64)
    _ = try BPFCall.testRun(program: program.rawValue, run)
  }

  var result: (sum: UInt64, count: UInt64) {
    get throws {
      var value: (UInt64, UInt64) = (0, 0)
      var key: UInt32 = 0
      try BPFCall.lookup(fd: sums.rawValue, key: &key, value: &value)
      return value
    }
  }
}

@Suite(.requires(.root), .requires(kernel: "6.1"), .timeLimit(.minutes(10))) struct UserRingWriterTests {
  func send(_ value: UInt64, to ring: inout UserRingWriter, timeout: Duration? = .zero) throws -> Bool {
    try ring.send([value].span.bytes, timeout: timeout)
  }

  @Test func programsReadWhatIsSubmitted() throws {
    let drain = try RecordDrain()
    var ring = try UserRingWriter(drain.map)
    expectEqual([ring.free, ring.size], [4096, 4096])
    for value in 1...10 { #expect(try send(UInt64(value), to: &ring)) }
    expectEqual(ring.free, 4096 - 160)
    try drain.drain()
    try #expect(drain.result == (55, 10))
    expectEqual(ring.free, 4096)
  }

  @Test func discardedAndDroppedRecordsAreNotRead() throws {
    let drain = try RecordDrain()
    var ring = try UserRingWriter(drain.map)
    for value in 1...6 {
      guard let record = try ring.reserve(8) else {
        Issue.record("no space")
        return
      }
      record.bytes.storeBytes(of: UInt64(value), as: UInt64.self)
      switch value % 3 {
      case 0: record.submit()
      case 1: record.discard()
      default: break  // dropped
      }
    }
    try drain.drain()
    try #expect(drain.result == (9, 2))
  }

  @Test func fullRingWaitsForADrain() throws {
    let drain = try RecordDrain()
    var ring = try UserRingWriter(drain.map)
    var sent = 0
    while try send(1, to: &ring) { sent += 1 }
    #expect(sent == 256)
    try expectEqual(send(1, to: &ring, timeout: .milliseconds(1)), false)
    let none = try ring.reserve(8) == nil
    #expect(none)
    let still = try ring.reserve(8, timeout: .milliseconds(2)) == nil
    #expect(still)
    let drainer = Worker {
      usleep(2000)
      try drain.drain()
    }
    try expectEqual(send(1, to: &ring, timeout: nil), true)
    try drainer.join()
    try drain.drain()
    try #expect(drain.result == (257, 257))
  }

  @Test func wrapsAround() throws {
    let drain = try RecordDrain()
    var ring = try UserRingWriter(drain.map)
    for round in 0..<100 {
      var large = [UInt64](repeating: 0, count: 150)
      large[0] = UInt64(round)
      try expectEqual(ring.send(large.span.bytes), true)
      try expectEqual(ring.send(large.span.bytes), true)
      try drain.drain()
    }
    try #expect(drain.result == (9900, 200))
  }

  @Test func recordsThatNeverFitAreAnError() throws {
    let drain = try RecordDrain()
    var ring = try UserRingWriter(drain.map)
    do {
      _ = try ring.reserve(4096) == nil
      Issue.record("not thrown")
    } catch {
      #expect(error.code == .invalid)
    }
    guard let whole = try ring.reserve(4088) else {
      Issue.record("no space")
      return
    }
    whole.discard()
    expectEqual(ring.free, 0)
  }

  @Test func nothingLeaks() throws {
    try expectNoLeak {
      let drain = try RecordDrain()
      var ring = try UserRingWriter(drain.map)
      let isReserved = try ring.reserve(8) != nil
      #expect(isReserved)
    }
  }
}
