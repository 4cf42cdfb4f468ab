// SPDX-License-Identifier: Apache-2.0

/// How a Swift type lies in a map's key or value.
///
/// A map compares keys byte by byte, padding included. Swift does not promise what padding holds, so a key is handed to
/// the kernel as it is only where it has none; otherwise it goes through zeroed memory, with the bytes cleared that
/// belong to no member by the map's own type information. A map without type information does not show where padding
/// is inside a key: give such keys explicit members for it.
@usableFromInline struct MapLayout: Sendable {
  /// Bytes in the map.
  @usableFromInline let size: Int
  /// Whether the Swift value's memory can be used as it is.
  @usableFromInline let isDirect: Bool
  /// For each byte, whether it belongs to a member; nil when all do or nothing is known.
  @usableFromInline let members: [Bool]?

  /// - Parameters:
  ///   - size: bytes in the map.
  ///   - members: see ``members``.
  /// - Returns: nil when `type` cannot have that size in C: its size, or that rounded up to its alignment.
  init?<T>(_ type: T.Type, size: Int, members: [Bool]? = nil) {
    guard size == MemoryLayout<T>.size || size == MemoryLayout<T>.stride else { return nil }
    self.size = size
    self.members = members.flatMap { $0.count == size && $0.contains(false) ? $0 : nil }
    isDirect = size == MemoryLayout<T>.size && self.members == nil
  }

  /// Whether there could be padding between members at all.
  static func mayHavePadding<T>(_ type: T.Type) -> Bool {
    MemoryLayout<T>.alignment > 1 && MemoryLayout<T>.size > MemoryLayout<T>.alignment
  }

  /// Lends the bytes that stand for a value.
  @inlinable func withBytes<T: BitwiseCopyable, Result: ~Copyable>(
    of value: T, _ body: (UnsafeRawPointer) throws(BPFError) -> Result
  ) throws(BPFError) -> Result {
    if isDirect {
      return try withUnsafePointer(to: value) { (pointer) throws(BPFError) in try body(pointer) }
    }
    return try withRoom(for: T.self) { (bytes) throws(BPFError) -> Result in
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      bytes.baseAddress.unsafelyUnwrapped.storeBytes(of: value, as: T.self)
      clear(bytes)
      return try body(UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped))
    }
  }

  @usableFromInline func clear(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let members else { return }
    for (index, isMember) in members.enumerated() where !isMember { bytes[index] = 0 }
  }
}

extension MapLayout {
  /// Lends elements as the kernel wants them: one after the other at the map's size, padding cleared.
  func withPacked<Element: BitwiseCopyable, Result>(
    _ elements: [Element], _ body: (UnsafeRawPointer) throws(BPFError) -> Result
  ) throws(BPFError) -> Result {
    if isDirect, size == MemoryLayout<Element>.stride {
      return try elements.withUnsafeBufferPointer { (buffer) throws(BPFError) -> Result in
        guard let start = buffer.baseAddress else { throw BPFError(.invalid, "lending no elements") }
        return try body(start)
      }
    }
    let packed = UnsafeMutableRawPointer.allocate(byteCount: elements.count * size, alignment: 16)
    defer { packed.deallocate() }
    for (index, element) in elements.enumerated() {
      let bytes = UnsafeMutableRawBufferPointer(start: packed + index * size, count: size)
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      withUnsafeBytes(of: element) { bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(size))) }
      clear(bytes)
    }
    return try body(packed)
  }
}

/// Room to set elements apart that the kernel gave without their trailing padding.
final class Spread<Element: BitwiseCopyable> {
  private let size: Int
  private var room: UnsafeMutableBufferPointer<Element>

  init(from size: Int) {
    self.size = size
    room = .allocate(capacity: 0)
  }

  func elements(_ packed: UnsafeMutableRawPointer, _ count: Int) -> UnsafeBufferPointer<Element> {
    guard size != MemoryLayout<Element>.stride else {
      return UnsafeBufferPointer(start: packed.assumingMemoryBound(to: Element.self), count: count)
    }
    if room.count < count {
      room.deallocate()
      room = .allocate(capacity: count)
    }
    for index in 0..<count {
      room.initializeElement(at: index, to: (packed + index * size).loadUnaligned(as: Element.self))
    }
    return UnsafeBufferPointer(rebasing: room[..<count])
  }

  deinit { room.deallocate() }
}

/// Lends uninitialised memory, on the stack if it is small. The error is carried by hand: up to Swift 6.2,
/// `withUnsafeTemporaryAllocation` throws any.
@inlinable func withRoom<Outcome: ~Copyable>(
  byteCount: Int, alignment: Int = 8, _ body: (UnsafeMutableRawBufferPointer) throws(BPFError) -> Outcome
) throws(BPFError) -> Outcome {
  let outcome = withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: alignment) {
    (room) -> Result<Outcome, BPFError> in
    do throws(BPFError) {
      return .success(try body(room))
    } catch {
      return .failure(error)
    }
  }
  return try outcome.get()
}

/// The same for one value: a stride, never less than the size.
@inlinable func withRoom<Value, Outcome: ~Copyable>(
  for type: Value.Type, _ body: (UnsafeMutableRawBufferPointer) throws(BPFError) -> Outcome
) throws(BPFError) -> Outcome {
  try withRoom(byteCount: MemoryLayout<Value>.stride, alignment: MemoryLayout<Value>.alignment, body)
}
