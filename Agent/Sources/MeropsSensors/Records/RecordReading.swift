// SPDX-License-Identifier: Apache-2.0

extension RawSpan {
  /// The value that the bytes start with; nil if there are too few.
  func head<T: BitwiseCopyable>(_ type: T.Type = T.self) -> T? {
    byteCount >= MemoryLayout<T>.size ? unsafeLoadUnaligned(as: T.self) : nil
  }

  /// Some bytes, or as many of them as there are.
  @_lifetime(copy self)
  func part(_ start: Int, _ count: Int) -> RawSpan {
    let start = min(start, byteCount)
    return extracting(start..<min(start + count, byteCount))
  }
}

/// A path as programs in the kernel pack it: the names leaf first, each with a zero byte behind it.
enum PackedNames {
  /// Writes the path from the root into `bytes`, in place of what is there.
  ///
  /// - Parameter isCut: names nearest to the root are missing: the path then starts with `…/`.
  static func unpack(_ packed: RawSpan, isCut: Bool, into bytes: inout [UInt8]) {
    bytes.removeAll(keepingCapacity: true)
    if isCut { bytes += [0xe2, 0x80, 0xa6] }
    packed.withUnsafeBytes { packed in
      var end = packed.count
      // A name without a zero byte behind it was cut: it is the one nearest to the root.
      if end > 0, packed[end - 1] == 0 { end -= 1 }
      while end > 0 {
        var start = end
        while start > 0, packed[start - 1] != 0 { start -= 1 }
        let slash = UInt8(ascii: "/")
        // The root of what is mounted nowhere is called "/".
        if end - start != 1 || packed[start] != slash {
          bytes.append(slash)
          bytes.append(contentsOf: packed[start..<end])
        }
        end = start - 1
      }
    }
    if bytes.isEmpty { bytes.append(UInt8(ascii: "/")) }
  }

  /// Whether it is one name only, that of a file from memfd_create(2).
  static func isMemoryFile(_ packed: RawSpan) -> Bool {
    packed.withUnsafeBytes { $0.starts(with: "memfd:".utf8) && $0.firstIndex(of: 0) == $0.count - 1 }
  }
}

/// A device number as stat(2) has it, of the kernel's own.
func userDevice(_ device: UInt32) -> UInt64 {
  let major = UInt64(device >> 20)
  let minor = UInt64(device & 0xfffff)
  return (major & 0xfff) << 8 | (minor & 0xff) | (minor & ~0xff) << 12
}
