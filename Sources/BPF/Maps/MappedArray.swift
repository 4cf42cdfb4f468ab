// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import Synchronization
import SystemPackage

/// An array whose elements lie in this process's memory: reading and writing them makes no system call.
///
/// What is written is seen by programs at once, and the other way round; there is no lock. Elements of up to 8 bytes are
/// written whole; larger ones may be seen half written. See ``GlobalVariable`` for words with an order.
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
  public func withUnsafeMutablePointer<Result: ~Copyable, Failure: Error>(
    at index: Int, _ body: (UnsafeMutableRawPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(memory.bytes.baseAddress.unsafelyUnwrapped + offset(index))
  }

  private func offset(_ index: Int) -> Int {
    precondition(index >= 0 && index < count, "index out of range")
    return index * stride
  }
}

/// The values of an array, mapped into this process: what is written is what programs see, with no system call.
final class MapMemory: Sendable {
  private let memory: MappedMemory
  let isWritable: Bool

  var bytes: UnsafeMutableRawBufferPointer { memory.bytes }

  init(_ memory: consuming MappedMemory, isWritable: Bool) {
    self.memory = memory
    self.isWritable = isWritable
  }
}

extension AnyMap {
  /// The map's memory, mapped at the first call and shared from then on; nil for a map that user space may not map.
  ///
  /// A map that is frozen, or that user space may only read, is mapped for reading.
  ///
  /// - Requires: Linux 5.5
  func memory() throws(BPFError) -> MapMemory? {
    guard info.type == .array, info.flags.contains(.memoryMappable) else { return nil }
    return try mapping.withLock { (known: inout sending MapMemory?) throws(BPFError) -> MapMemory? in
      if let known { return known }
      let memory = try map(count: max(info.valueStride * info.maxEntries, 1))
      known = memory
      return memory
    }
  }

  private func map(count: Int) throws(BPFError) -> MapMemory {
    if !info.flags.contains(.readOnly), let memory = try? MappedMemory(fd: fd, count: count, isWritable: true) {
      return MapMemory(memory, isWritable: true)
    }
    do {
      return MapMemory(try MappedMemory(fd: fd, count: count), isWritable: false)
    } catch {
      throw failure("mapping the memory of", error)
    }
  }
}

extension AnyMap {
  /// Maps an arena that was opened, not loaded by a ``BPFCollection`` (which maps its own).
  ///
  /// A process can map an arena once: the kernel has one user address for each.
  ///
  /// - Requires: Linux 6.9
  /// - Throws: `invalid` for other kinds of map.
  public func arenaMemory() throws(BPFError) -> ArenaMemory {
    guard info.type == .arena else {
      throw BPFError(.invalid, "mapping the memory of map \(label)", detail: "a \(info.type) map is no arena")
    }
    return try ArenaMemory(self, globals: [], at: 0)
  }
}
