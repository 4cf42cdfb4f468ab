// SPDX-License-Identifier: Apache-2.0

/// What the kernel keeps of a process's program, by process id: written by `processes.bpf.swift`, read by what is compiled
/// from rules.
///
/// The number of bytes behind it (8), inode (8), device (4), flags (4), the path's names leaf first (`curl\0bin\0usr\0`), and
/// zeroes up to the end.
public enum ProcessLayout {
  static let inode: Int16 = 8
  static let flags: Int16 = 20
  static let path: Int16 = 24
  /// Bytes of a path, a zero byte behind each name; a longer path is cut.
  public static let pathBytes = 232
  static let valueBytes = 256

  /// The path had more names or bytes.
  static let isCut: Int32 = 1

  /// A path that was cut has more bytes than this: it has more than 48 names, or more than ``pathBytes`` bytes.
  ///
  /// Source: `appendPath` of BPFKernel.
  static let cutBytes = 96

  /// A path as the kernel's programs write it; nil for what no kernel would say.
  static func packed(_ path: [UInt8]) -> [UInt8]? {
    guard path.first == 0x2f, !path.contains(0) else { return nil }
    let names = path.split(separator: 0x2f, omittingEmptySubsequences: false).dropFirst()
    guard names.allSatisfy({ !$0.isEmpty }) else { return path.count == 1 ? [] : nil }
    return names.reversed().reduce(into: []) { $0 += $1 + [0] }
  }

  /// A value as the kernel's programs write it: for tests and for programs that run in user space.
  public static func value(path: [UInt8], inode: UInt64 = 0) -> [UInt8] {
    let whole = packed(path) ?? []
    let isCut = whole.count > pathBytes
    let bytes = whole.prefix(pathBytes)
    var value = Self.bytes(UInt64(bytes.count + 16)) + Self.bytes(inode) + Self.bytes(UInt32(0))
    value += Self.bytes(UInt32(isCut ? 1 : 0)) + bytes
    return value + [UInt8](repeating: 0, count: valueBytes - value.count)
  }

  static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
