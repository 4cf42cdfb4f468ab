// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

/// An arena's memory in this process, at the address that its programs know it by.
///
/// - Requires: Linux 6.9
public final class ArenaMemory: Sendable {
  private let memory: MappedMemory

  /// All of it. A page that no program has allocated is created on first touch, or is not accessible where the arena was
  /// made with BPF_F_SEGV_ON_FAULT.
  public var bytes: UnsafeMutableRawBufferPointer { memory.bytes }

  /// Maps an arena. The kernel wants this done before a program that uses the arena is loaded.
  ///
  /// - Parameters:
  ///   - globals: the object's variables in the arena, which are written at `offset`.
  init(_ map: AnyMap, globals: [UInt8], at offset: Int) throws(BPFError) {
    let count = map.info.maxEntries * MappedMemory.pageSize
    do {
      let address = map.info.extra == 0 ? nil : UInt(map.info.extra)
      memory = try MappedMemory(fd: map.fd, count: count, isWritable: true, at: address)
    } catch {
      throw BPFError("mapping arena \(map.name)", errno: error)
    }
    guard !globals.isEmpty else { return }
    guard offset >= 0, offset + globals.count <= count else {
      throw BPFError(
        .full, "filling arena \(map.name)",
        detail: "the arena's \(count) bytes do not have room for \(globals.count) bytes of global variables")
    }
    memory.bytes[offset..<offset + globals.count].copyBytes(from: globals)
  }

  /// Where globals start in an arena of so many pages: at the end, so that they are in nobody's way, where the kernel can
  /// express that address; otherwise at the start.
  static func globalsOffset(_ map: MapSpec) -> Int {
    guard KernelSupport.hasLargeOffsets, case .bytes(let globals) = map.contents else { return 0 }
    let page = MappedMemory.pageSize
    return Int(map.maxEntries) * page - (globals.count + page - 1) / page * page
  }
}
