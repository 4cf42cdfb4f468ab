// SPDX-License-Identifier: Apache-2.0

/// Builds one netlink message. Integers are in the machine's byte order, attributes padded to four bytes.
struct NetlinkMessage {
  private(set) var bytes: [UInt8]

  /// Flags of `nlmsg_flags`.
  struct Flags: OptionSet {
    let rawValue: UInt16
    static let request = Flags(rawValue: 0x1)
    static let acknowledge = Flags(rawValue: 0x4)
    static let echo = Flags(rawValue: 0x8)
    static let dump = Flags(rawValue: 0x300)
    static let replace = Flags(rawValue: 0x100)
    static let exclusive = Flags(rawValue: 0x200)
    static let create = Flags(rawValue: 0x400)
  }

  static let headerSize = 16

  init(type: UInt16, flags: Flags) {
    bytes = []
    append(UInt32(0))  // the length, set at the end
    append(type)
    append(flags.union(.request).rawValue)
    append(UInt32(0))  // the sequence number, set when it is sent
    append(UInt32(0))
  }

  mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
  }

  mutating func attribute(_ type: UInt16, _ number: some FixedWidthInteger) {
    attribute(type) { $0.append(number) }
  }

  /// Text with its closing NUL.
  mutating func attribute(_ type: UInt16, _ text: String) {
    attribute(type) {
      $0.bytes.append(contentsOf: text.utf8)
      $0.bytes.append(0)
    }
  }

  /// An attribute whose payload is what the closure appends: attributes again when it is nested.
  mutating func attribute(_ type: UInt16, nested: Bool = false, _ payload: (inout NetlinkMessage) -> Void) {
    let start = bytes.count
    append(UInt16(0))
    append(nested ? type | 0x8000 : type)
    payload(&self)
    set(UInt16(truncatingIfNeeded: bytes.count - start), at: start)
    while bytes.count % 4 != 0 { bytes.append(0) }
  }

  /// The message as sent.
  func finished(sequence: UInt32) -> [UInt8] {
    var copy = self
    copy.set(UInt32(bytes.count), at: 0)
    copy.set(sequence, at: 8)
    return copy.bytes
  }

  private mutating func set<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
    withUnsafeBytes(of: number) { source in
      bytes.replaceSubrange(offset..<offset + source.count, with: source)
    }
  }
}

/// Reads what the kernel answers. Nothing that a length says is believed beyond the bytes that are there.
struct NetlinkReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// An integer at an offset from here; nil past the end.
  static func integer<Number: FixedWidthInteger>(
    _ bytes: ArraySlice<UInt8>, at offset: Int, as type: Number.Type = Number.self
  ) -> Number? {
    guard offset >= 0, bytes.count - offset >= MemoryLayout<Number>.size else { return nil }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
  }

  struct Message {
    var type: UInt16
    var flags: UInt16
    var sequence: UInt32
    var payload: ArraySlice<UInt8>
  }

  /// The next message of a datagram; nil at the end or where a length is wrong.
  mutating func nextMessage() -> Message? {
    guard let length = Self.integer(rest, at: 0, as: UInt32.self), length >= NetlinkMessage.headerSize,
      length <= rest.count, let type = Self.integer(rest, at: 4, as: UInt16.self),
      let flags = Self.integer(rest, at: 6, as: UInt16.self), let sequence = Self.integer(rest, at: 8, as: UInt32.self)
    else { return nil }
    let whole = rest.prefix(Int(length))
    rest = rest.dropFirst((Int(length) + 3) & ~3)
    return Message(type: type, flags: flags, sequence: sequence, payload: whole.dropFirst(NetlinkMessage.headerSize))
  }

  /// The attributes that follow a fixed header, the last one winning where one is there twice.
  static func attributes(_ bytes: ArraySlice<UInt8>) -> [UInt16: ArraySlice<UInt8>] {
    var rest = bytes
    var found: [UInt16: ArraySlice<UInt8>] = [:]
    while let length = integer(rest, at: 0, as: UInt16.self), length >= 4, length <= rest.count,
      let type = integer(rest, at: 2, as: UInt16.self)
    {
      // The upper two bits say "nested" and "network byte order".
      found[type & 0x3fff] = rest.prefix(Int(length)).dropFirst(4)
      rest = rest.dropFirst((Int(length) + 3) & ~3)
    }
    return found
  }

  static func attributes(_ bytes: ArraySlice<UInt8>, after header: Int) -> [UInt16: ArraySlice<UInt8>] {
    attributes(bytes.dropFirst(header))
  }
}
