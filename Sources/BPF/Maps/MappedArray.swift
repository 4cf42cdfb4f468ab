// SPDX-License-Identifier: Apache-2.0

import BPFObject

/// An array whose elements lie in this process's memory: reading and writing them makes no system call.
///
/// What is written is seen by programs at once, and the other way round; there is no lock. Elements of up to 8 bytes are
/// written whole; larger ones may be seen half written. See ``Global`` for words with an order.
///
/// - Requires: Linux 5.5; an array with `BPF_F_MMAPABLE`
public struct MappedArray<Element: BitwiseCopyable>: Sendable {
  /// The map as bytes.
  public let map: AnyMap
  /// How many elements there are.
  public let count: Int
  /// Whether elements can be written: not in a frozen map, or one that user space may only read.
  public let isWritable: Bool
  private let memory: MapMemory
  private let stride: Int

  /// Maps an array's memory; several views of one ``AnyMap`` share it.
  ///
  /// - Throws: `sizeMismatch` where the type's size is not the map's; `invalid` for a map that cannot be mapped.
  public init(_ map: AnyMap) throws(BPFError) {
    _ = try map.valueLayout(of: Element.self, size: map.info.valueSize)
    guard let memory = try map.memory() else {
      throw BPFError(
        .invalid, "mapping the memory of map \(map.label)", detail: "it is not an array with BPF_F_MMAPABLE",
        hint: "use Map, or declare it with __uint(map_flags, BPF_F_MMAPABLE)")
    }
    self.map = map
    self.memory = memory
    count = map.info.maxEntries
    isWritable = memory.isWritable
    stride = map.info.valueStride
  }

  /// Creates an array of the type's size.
  public init(creatingNamed name: String = "", count: Int) throws(BPFError) {
    try self.init(
      AnyMap(
        creating: MapParameters(
          .array, name: name, keySize: 4, valueSize: MemoryLayout<Element>.stride, maxEntries: count,
          flags: .memoryMappable)))
  }

  /// An element. The index must be in `0..<count`, and for writing the array writable.
  public subscript(index: Int) -> Element {
    get { memory.bytes.loadUnaligned(fromByteOffset: offset(index), as: Element.self) }
    nonmutating set {
      precondition(isWritable, "the mapped array is frozen or read-only")
      memory.bytes.storeBytes(of: newValue, toByteOffset: offset(index), as: Element.self)
    }
  }

  /// Lends an element's memory: its address is that of the value which programs see.
  public func withUnsafeMutablePointer<Result>(
    at index: Int, _ body: (UnsafeMutableRawPointer) throws -> Result
  ) rethrows -> Result {
    try body(memory.bytes.baseAddress.unsafelyUnwrapped + offset(index))
  }

  private func offset(_ index: Int) -> Int {
    precondition(index >= 0 && index < count, "index out of range")
    return index * stride
  }
}
