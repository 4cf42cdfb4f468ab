// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import Synchronization
import SystemPackage

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
      throw failure("mapping the memory of", error, requires: "5.5")
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
