// SPDX-License-Identifier: Apache-2.0

/// Where each record of a type section starts: four bytes per type, found in one pass.
///
/// The pass proves that every record, payload included, lies inside the section and that its name starts inside
/// the string sections; readers rely on it.
struct RecordOffsets: ~Copyable, @unchecked Sendable {
  private let offsets: UnsafeMutablePointer<UInt32>
  let count: Int

  @inline(__always)
  subscript(index: Int) -> Int {
    assert(index >= 0 && index < count)
    return Int(offsets[index])
  }

  init(
    of source: ByteSource, section: Range<Int>, layout: RecordLayout, stringEnd: UInt64
  ) throws(BTFError) {
    // Kernel BTF has about 31 bytes per type, small objects fewer; the smallest record has 12.
    var capacity = section.count / 24 + 16
    var offsets = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
    var count = 0
    var failure: BTFError?
    var offset = section.lowerBound
    let end = section.upperBound

    layout.table.withUnsafeBufferPointer { sizes in
      while offset < end {
        guard end - offset >= RecordLayout.headerSize else {
          failure = BTFError(.truncated, at: offset, "\(end - offset) bytes cannot hold a type")
          return
        }
        let info = source.word(at: offset + 4)
        let size = sizes[Int(RecordLayout.kind(info))]
        guard size != RecordLayout.unknown else {
          failure = BTFError(
            .unknownKind, at: offset, "kind \(RecordLayout.kind(info)), which no layout section describes")
          return
        }
        let length = RecordLayout.headerSize + Int(size >> 8) + Int(size & 0xff) * RecordLayout.count(info)
        guard length <= end - offset else {
          failure = BTFError(.truncated, at: offset, "a type of \(length) bytes, \(end - offset) are left")
          return
        }
        let name = source.word(at: offset)
        guard UInt64(name) < stringEnd || name == 0 else {
          failure = BTFError(.badName, at: offset, "its name is at \(name), but the strings end at \(stringEnd)")
          return
        }
        if count == capacity {
          capacity *= 2
          let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
          larger.moveInitialize(from: offsets, count: count)
          offsets.deallocate()
          offsets = larger
        }
        (offsets + count).initialize(to: UInt32(truncatingIfNeeded: offset))
        count += 1
        offset += length
      }
    }
    if let failure {
      offsets.deallocate()
      throw failure
    }
    self.offsets = offsets
    self.count = count
  }

  deinit { offsets.deallocate() }
}
