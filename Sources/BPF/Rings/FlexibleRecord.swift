// SPDX-License-Identifier: Apache-2.0

/// A structure that an array follows in memory (a flexible array member).
public protocol FlexibleRecord: BitwiseCopyable, Sendable {
  /// What the array is made of.
  associatedtype Tail: BitwiseCopyable & Sendable
  /// Where the array starts, in bytes from the start of the structure.
  static var tailOffset: Int { get }
}

/// A structure and the array that follows it, out of one record. The structure's members are members of this.
@dynamicMemberLookup
public struct Flexible<Head: FlexibleRecord>: Sendable {
  public var head: Head
  /// As many whole elements as the record has.
  public var tail: [Head.Tail]

  public init(_ head: Head, tail: [Head.Tail]) {
    self.head = head
    self.tail = tail
  }

  /// Reads a record; nil if it is shorter than the structure's members.
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= Head.tailOffset, Head.tailOffset >= 0 else { return nil }
    head = withUnsafeTemporaryAllocation(of: Head.self, capacity: 1) { room in
      let raw = UnsafeMutableRawBufferPointer(room)
      raw.initializeMemory(as: UInt8.self, repeating: 0)
      // A short tail may end inside the structure's padding.
      bytes.withUnsafeBytes {
        raw.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(MemoryLayout<Head>.size)))
      }
      return raw.load(as: Head.self)
    }
    let stride = MemoryLayout<Head.Tail>.stride
    tail = bytes.withUnsafeBytes { bytes in
      (0..<(bytes.count - Head.tailOffset) / stride).map {
        bytes.loadUnaligned(fromByteOffset: Head.tailOffset + $0 * stride, as: Head.Tail.self)
      }
    }
  }

  public subscript<Member>(dynamicMember path: WritableKeyPath<Head, Member>) -> Member {
    get { head[keyPath: path] }
    set { head[keyPath: path] = newValue }
  }
}

extension Flexible where Head.Tail == UInt8 {
  /// The tail as text, up to its first zero byte.
  public var tailText: String { String(decoding: tail.prefix { $0 != 0 }, as: UTF8.self) }
}
