// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Writes events as JSON, one object a line: flat names in the schema's order, the process's fields before the event's.
///
///     {"time":"2026-11-29T14:02:11.418000000Z","event":"process.exec","id":"01J9ZK0000000","process.pid":4711,...}
///
/// Nothing is lost: text that is not UTF-8 has U+FFFD where a byte does not fit, and stands beside it in hexadecimal as
/// `NAME.hex`; what the kernel cut is marked by `NAME.cut`. Numbers are whole, up to 64 bits. Details of the process stand
/// in the events that describe it (``MeropsModel/EventKind/describesProcess``).
public struct JSONLineWriter: Sendable {
  /// `,"process.pid":` and its like, by the field's number.
  private let keys: [[UInt8]]
  /// Whether a field stands in events of the kinds that describe a process only, by its number.
  private let details: [Bool]
  private var clock = TimeText()
  /// What was written of processes lately: each does several things, and most of a line is about it.
  private var known = [(process: Process, text: [UInt8])?](repeating: nil, count: 1 << Self.knownBits)
  private static let knownBits = 7
  /// Longer texts are not kept.
  private static let knownBytes = 8 << 10

  /// - Parameter everyDetail: whether details of the process stand in every event.
  public init(everyDetail: Bool = false) {
    keys = (0...255).map { number in
      Field(rawValue: UInt8(number)).map { Array(",\"\($0.name)\":".utf8) } ?? []
    }
    details = (0...255).map { !everyDetail && Field(rawValue: UInt8($0))?.isDetail == true }
  }

  /// Appends one event and a line feed. Numbers and UTF-8 text allocate only if the buffer has to grow.
  public mutating func append(_ event: Event, to buffer: inout [UInt8]) {
    buffer += Self.time
    clock.append(event.time, to: &buffer)
    buffer += Self.event
    buffer += event.kind.nameBytes
    buffer += Self.id
    event.id.append(to: &buffer)
    buffer.append(UInt8(ascii: "\""))
    let keys = keys
    if event.kind.describesProcess {
      event.process.facts.forEach { field, bytes, isCut in Self.append(field, bytes, isCut, keys, &buffer) }
    } else {
      append(event.process, to: &buffer)
    }
    event.withFacts { facts in
      Packed.forEach(facts) { field, bytes, isCut in Self.append(field, bytes, isCut, keys, &buffer) }
    }
    buffer += Self.end
  }

  /// Appends what every event says of its process.
  private mutating func append(_ process: Process, to buffer: inout [UInt8]) {
    // Addresses differ in their middle bits: a multiplication spreads them.
    let hash = UInt64(UInt(bitPattern: ObjectIdentifier(process))) &* 0x9e37_79b9_7f4a_7c15
    let slot = Int(hash >> UInt64(64 - Self.knownBits))
    if let entry = known[slot], entry.process === process {
      buffer += entry.text
      return
    }
    let keys = keys
    let details = details
    let start = buffer.count
    process.facts.forEach { field, bytes, isCut in
      if !details[Int(field.rawValue)] { Self.append(field, bytes, isCut, keys, &buffer) }
    }
    if buffer.count - start <= Self.knownBytes { known[slot] = (process, Array(buffer[start...])) }
  }

  private static let time = Array("{\"time\":\"".utf8)
  private static let event = Array("\",\"event\":\"".utf8)
  private static let id = Array("\",\"id\":\"".utf8)
  private static let end = Array("}\n".utf8)

  private static func append(
    _ field: Field, _ bytes: RawSpan, _ isCut: Bool, _ keys: [[UInt8]], _ buffer: inout [UInt8]
  ) {
    buffer += keys[Int(field.rawValue)]
    var isWhole = true
    switch field.type {
    case .bool: buffer += Packed.truth(bytes) ? yes : no
    case .int: buffer.appendDecimal(Int64(bitPattern: Packed.number(bytes)))
    case .uint: buffer.appendDecimal(Packed.number(bytes))
    case .text: isWhole = buffer.appendJSON(bytes)
    case .address: buffer += "\"\(Packed.address(bytes))\"".utf8
    case .texts:
      var separator = UInt8(ascii: "[")
      Packed.forEachText(bytes, isCut: isCut) { text, _ in
        buffer.append(separator)
        separator = UInt8(ascii: ",")
        if !buffer.appendJSON(text) { isWhole = false }
      }
      if separator == UInt8(ascii: "[") { buffer.append(separator) }
      buffer.append(UInt8(ascii: "]"))
    }
    if !isWhole {
      buffer.appendKey(field, ".hex")
      buffer.append(UInt8(ascii: "\""))
      buffer.appendHexadecimal(bytes)
      buffer.append(UInt8(ascii: "\""))
    }
    if isCut {
      buffer.appendKey(field, ".cut")
      buffer += yes
    }
  }

  private static let yes = Array("true".utf8)
  private static let no = Array("false".utf8)
}

extension EventID {
  fileprivate func append(to buffer: inout [UInt8]) {
    for index in 0..<13 { buffer.append(Self.digits[Int(rawValue >> (60 - 5 * UInt64(index)) & 31)]) }
  }
}
