// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

/// Makes the maps that indirect jumps go through: an entry for each target, which the kernel keeps right while it
/// rewrites the program.
enum JumpTables {
  /// `struct bpf_insn_array_value`: the slot as loaded, as rewritten, as compiled, and padding, 4 bytes each.
  private static let valueSize = 16

  /// Makes the table of one jump.
  ///
  /// - Requires: Linux 6.19
  static func make(_ slots: [UInt32]) throws(BPFError) -> AnyMap {
    let map = try AnyMap(
      creating: MapParameters(
        .instructionArray, name: ".jumptables", keySize: 4, valueSize: valueSize, maxEntries: slots.count))
    do {
      for (index, slot) in slots.enumerated() {
        var key = UInt32(index)
        var value: [UInt32] = [slot, 0, 0, 0]
        try BPFCall.update(fd: map.fd, key: &key, value: &value)
      }
      try BPFCall.freeze(fd: map.fd)
    } catch {
      throw BPFError("filling a jump table", errno: error)
    }
    return map
  }
}
