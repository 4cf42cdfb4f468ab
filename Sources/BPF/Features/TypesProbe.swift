// SPDX-License-Identifier: Apache-2.0

/// A BTF object of a few records, written by hand: this is about what kernels refuse, so nothing may tidy it up.
struct TypesProbe {
  private var records: [UInt32] = []
  private var strings: [UInt8] = [0]

  /// Adds a record.
  ///
  /// - Parameters:
  ///   - sizeOrType: the third word.
  ///   - extra: the words after it.
  func adding(
    kind: UInt32, _ name: String = "", count: UInt32 = 0, sizeOrType: UInt32 = 0, _ extra: [UInt32] = []
  ) -> TypesProbe {
    var copy = self
    var nameOffset: UInt32 = 0
    if !name.isEmpty {
      nameOffset = UInt32(strings.count)
      copy.strings += Array(name.utf8) + [0]
    }
    copy.records += [nameOffset, kind << 24 | count, sizeOrType] + extra
    return copy
  }

  /// Type 1: `int`, of four bytes.
  static let integer = TypesProbe().adding(kind: 1, "int", sizeOrType: 4, [1 << 24 | 32])

  /// Header, types and strings, in this machine's byte order.
  var bytes: [UInt8] {
    let size = UInt32(records.count * 4)
    let header: [UInt32] = [0x0001_eb9f, 24, 0, size, size, UInt32(strings.count)]
    return (header + records).flatMap { word in withUnsafeBytes(of: word) { Array($0) } } + strings
  }
}
