// SPDX-License-Identifier: Apache-2.0

/// How batches travel between processes: the same packed facts as in memory, each process once and behind its parent.
///
/// Whole numbers are LEB128. After the four bytes `MEB1`: the number of processes, and for each its pid, start, generation,
/// parent (its place plus one; 0 for none), and facts; then the number of events, and for each its id, kind (one byte), time,
/// process and facts. Facts have their length in front.
extension EventBatch {
  /// The batch as bytes.
  public func packed() -> [UInt8] {
    var writer = WireWriter()
    writer.bytes.reserveCapacity(bytes.count + rows.count * 24 + processes.count * 256)
    writer.bytes += Self.mark
    var places: [ObjectIdentifier: Int] = [:]
    var ordered: [Process] = []
    for process in processes { Self.place(process, &places, &ordered) }
    writer.append(UInt64(ordered.count))
    for process in ordered {
      writer.append(UInt64(process.key.pid))
      writer.append(process.key.start)
      writer.append(UInt64(process.generation))
      writer.append(UInt64(process.parent.flatMap { places[ObjectIdentifier($0)] }.map { $0 + 1 } ?? 0))
      writer.append(process.facts.bytes[...])
    }
    writer.append(UInt64(rows.count))
    for row in rows {
      writer.append(row.id.rawValue)
      writer.bytes.append(row.kind.rawValue)
      writer.append(row.time)
      writer.append(UInt64(places[ObjectIdentifier(processes[row.process])] ?? 0))
      writer.append(bytes[row.facts])
    }
    return writer.bytes
  }

  /// Reads what ``packed()`` wrote.
  ///
  /// - Throws: ``WireError`` if the bytes are cut or make no sense. An event of a kind that is not known is left out.
  public convenience init(packed bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes: bytes)
    guard bytes.starts(with: Self.mark) else { throw WireError(offset: 0) }
    reader.offset = Self.mark.count
    // Each takes five bytes at least, so that a length that lies does not reserve memory.
    let processCount = try reader.count(each: 5)
    var processes: [Process] = []
    processes.reserveCapacity(processCount)
    for _ in 0..<processCount {
      guard let pid = UInt32(exactly: try reader.number()) else { throw WireError(offset: reader.offset) }
      let key = ProcessKey(start: try reader.number(), pid: pid)
      guard let generation = UInt32(exactly: try reader.number()) else { throw WireError(offset: reader.offset) }
      let parent = try reader.number()
      guard parent <= UInt64(processes.count) else { throw WireError(offset: reader.offset) }
      let facts = Facts(packed: Array(try reader.block()))
      processes.append(
        Process(
          key: key, generation: generation, parent: parent == 0 ? nil : processes[Int(parent) - 1], facts: facts))
    }
    let count = try reader.count(each: 5)
    var rows: [Row] = []
    rows.reserveCapacity(count)
    var facts: [UInt8] = []
    for _ in 0..<count {
      let id = EventID(rawValue: try reader.number())
      let kind = EventKind(rawValue: try reader.byte())
      let time = try reader.number()
      let process = try reader.number()
      guard process < UInt64(processes.count) else { throw WireError(offset: reader.offset) }
      let block = try reader.block()
      guard let kind else { continue }
      let start = facts.count
      facts += block
      rows.append(Row(id: id, kind: kind, time: time, process: Int(process), facts: start..<facts.count))
    }
    guard reader.offset == bytes.count else { throw WireError(offset: reader.offset) }
    self.init(rows: rows, bytes: facts, processes: processes)
  }

  private static let mark = Array("MEB1".utf8)

  /// Gives a process and its ancestors their places, the oldest first.
  private static func place(
    _ process: Process, _ places: inout [ObjectIdentifier: Int], _ ordered: inout [Process]
  ) {
    var chain: [Process] = []
    var next: Process? = process
    while let process = next, places[ObjectIdentifier(process)] == nil {
      chain.append(process)
      next = process.parent
    }
    for process in chain.reversed() {
      places[ObjectIdentifier(process)] = ordered.count
      ordered.append(process)
    }
  }
}

/// Bytes that are not a batch of events.
public struct WireError: Error, Hashable, CustomStringConvertible {
  /// Where the bytes stop making sense.
  public let offset: Int

  public var description: String { "The bytes are not a batch of events from byte \(offset) on." }
}

private struct WireWriter {
  var bytes: [UInt8] = []

  mutating func append(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func append(_ block: ArraySlice<UInt8>) {
    append(UInt64(block.count))
    bytes += block
  }
}

private struct WireReader {
  let bytes: [UInt8]
  var offset = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func byte() throws(WireError) -> UInt8 {
    guard offset < bytes.count else { throw WireError(offset: offset) }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func number() throws(WireError) -> UInt64 {
    let start = offset
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try byte()
      // The tenth byte has one bit left to give.
      guard shift < 63 || byte <= 1 else { throw WireError(offset: start) }
      number |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return number }
      shift += 7
    }
  }

  /// A number of things that take so many bytes each.
  mutating func count(each size: Int) throws(WireError) -> Int {
    let start = offset
    let count = try number()
    guard count <= UInt64((bytes.count - offset) / size) else { throw WireError(offset: start) }
    return Int(count)
  }

  mutating func block() throws(WireError) -> ArraySlice<UInt8> {
    let count = try count(each: 1)
    defer { offset += count }
    return bytes[offset..<offset + count]
  }
}
