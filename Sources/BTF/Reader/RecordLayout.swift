// SPDX-License-Identifier: Apache-2.0

/// How many bytes follow the 12 that every record starts with, per kind.
///
/// The kinds that this library knows are built in; the layout section of newer BTF adds the others, so that a reader
/// can step over what it does not understand (`struct btf_layout`, Linux 7.1).
struct RecordLayout: Sendable {
  /// By kind (7 bits): `fixed << 8 | perElement`, or `unknown`.
  private(set) var table: [UInt32]

  static let unknown = UInt32.max
  static let headerSize = 12
  static let maximumCount = 0xff_ffff

  static func kind(_ info: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: info >> 24) & 0x7f }
  static func count(_ info: UInt32) -> Int { Int(info & 0xff_ffff) }
  static func flag(_ info: UInt32) -> Bool { info >> 31 != 0 }

  static func info(kind: UInt8, count: Int, flag: Bool) -> UInt32 {
    (flag ? 1 << 31 : 0) | UInt32(kind & 0x7f) << 24 | UInt32(count & 0xff_ffff)
  }

  /// Bytes of payload: those that come once, and those that come per element.
  static func size(_ kind: BTFKind) -> (fixed: UInt32, element: UInt32) {
    switch kind {
    case .int, .variable, .declTag: (4, 0)
    case .array: (12, 0)
    case .structure, .union, .dataSection, .enumeration64: (0, 12)
    case .enumeration, .functionPrototype: (0, 8)
    case .pointer, .forward, .typedef, .volatile, .const, .restrict, .function, .float, .typeTag: (0, 0)
    }
  }

  init() {
    table = [UInt32](repeating: Self.unknown, count: 128)
    for kind in BTFKind.allCases {
      let (fixed, element) = Self.size(kind)
      table[Int(kind.rawValue)] = fixed << 8 | element
    }
  }

  /// The built-in kinds and what the layout section says of others.
  init(section: Range<Int>, of source: ByteSource, inheriting base: RecordLayout?) {
    if section.isEmpty, let base {
      self = base
      return
    }
    self.init()
    for kind in 1..<min(table.count, max(1, section.count / 4)) where table[kind] == Self.unknown {
      let offset = section.lowerBound + kind * 4
      let (fixed, element) = (UInt32(source.byte(at: offset)), UInt32(source.byte(at: offset + 1)))
      if fixed % 4 == 0, element % 4 == 0 { table[kind] = fixed << 8 | element }
    }
  }
}
