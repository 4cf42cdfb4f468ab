// SPDX-License-Identifier: Apache-2.0
import BPF
import CMeter

/// Has a program write records, and reads them.
func readRing(of object: String, program name: String, records: Int) throws {
  let collection = try BPFCollection(path: object)
  try collection.load()
  let program = try collection.program(name)
  let ring = try RingReader(collection.map("ring"))
  var sum: UInt64 = 0
  while meter_next() {
    _ = try program.testRun(data: [UInt8](repeating: 0, count: 64), repetitions: records)
    meter_start()
    let read = ring.consumeRecords { record in
      sum &+= record.unsafeLoadUnaligned(as: UInt64.self) &+ UInt64(record.byteCount)
    }
    meter_stop()
    require(read == records, "\(read) of \(records) records were read")
    meter_report(UInt64(read))
  }
  require(sum != 1, "the records")
}

/// Reads a hash map of 8-byte keys and values.
func readBatches(mapID: UInt32) throws {
  let map = try Map<UInt64, UInt64>(AnyMap(id: mapID))
  while meter_next() {
    var sum: UInt64 = 0
    var elements = 0
    meter_start()
    try map.forEachChunk { keys, values in
      for value in values { sum &+= value }
      elements += keys.count
    }
    meter_stop()
    require(sum != 1, "the values")
    meter_report(UInt64(elements))
  }
}

/// Looks 1024 keys of 4 bytes up by turns.
func get(mapID: UInt32, count: Int) throws {
  let map = try Map<UInt32, UInt64>(AnyMap(id: mapID))
  while meter_next() {
    var sum: UInt64 = 0
    meter_start()
    for index in 0..<count {
      if let value = try map.get(UInt32(truncatingIfNeeded: index) & 1023) { sum &+= value }
    }
    meter_stop()
    require(sum != 1, "the values")
    meter_report(UInt64(count))
  }
}
