// SPDX-License-Identifier: Apache-2.0
import CBPF
package import SystemPackage

/// What the kernel says of a map.
package struct MapInformation: Sendable, Hashable {
  package var type: UInt32
  package var id: UInt32
  package var keySize: UInt32
  package var valueSize: UInt32
  package var maxEntries: UInt32
  package var flags: UInt32
  package var name: String
  package var interfaceIndex: UInt32
  package var btfID: UInt32
  package var keyTypeID: UInt32
  package var valueTypeID: UInt32
  /// For struct_ops: the kernel's value type, and the BTF it is in (Linux 6.9).
  package var kernelValueTypeID: UInt32
  package var kernelBTFID: UInt32
  /// - Requires: Linux 5.16
  package var extra: UInt64
}

/// What the kernel says of a BTF object.
package struct BTFInformation: Sendable, Hashable {
  package var id: UInt32
  /// Bytes of the blob.
  package var size: UInt32
  /// `vmlinux` or a module's name; empty for a program's BTF.
  package var name: String
  package var isKernel: Bool
}

extension BPFCall {
  /// The information of a map.
  package static func mapInformation(fd: CInt) throws(Errno) -> MapInformation {
    var info = cbpf_map_info()
    try objectInfo(fd: fd, &info)
    return MapInformation(
      type: info.type, id: info.id, keySize: info.key_size, valueSize: info.value_size, maxEntries: info.max_entries,
      flags: info.map_flags, name: name(info.name), interfaceIndex: info.ifindex, btfID: info.btf_id,
      keyTypeID: info.key_type_id, valueTypeID: info.value_type_id, kernelValueTypeID: info.vmlinux_value_type_id,
      kernelBTFID: info.btf_vmlinux_id, extra: info.map_extra)
  }

  /// The SHA-256 of a map's contents, which must be frozen.
  ///
  /// - Requires: Linux 6.18
  package static func mapHash(fd: CInt) throws(Errno) -> [UInt8] {
    var memory = CallMemory()
    defer { memory.free() }
    let hash = memory.room(32)
    var info = cbpf_map_info()
    info.hash = hash.address
    info.hash_size = 32
    try objectInfo(fd: fd, &info)
    return Array(hash)
  }

  /// The information of a BTF object.
  package static func btfInformation(fd: CInt) throws(Errno) -> BTFInformation {
    var memory = CallMemory()
    defer { memory.free() }
    let name = memory.room(128)
    var info = cbpf_btf_info()
    info.name = name.address
    info.name_len = UInt32(name.count)
    do {
      try objectInfo(fd: fd, &info)
    } catch {
      // Before 5.11 there is no name, and a kernel refuses bytes it does not know.
      info = cbpf_btf_info()
      try objectInfo(fd: fd, &info)
    }
    return BTFInformation(id: info.id, size: info.btf_size, name: text(name), isKernel: info.kernel_btf != 0)
  }

  /// The blob of a BTF object.
  package static func btfBytes(fd: CInt) throws(Errno) -> [UInt8] {
    var info = cbpf_btf_info()
    try objectInfo(fd: fd, &info)
    let size = Int(info.btf_size)
    var memory = CallMemory()
    defer { memory.free() }
    let blob = memory.room(size)
    info = cbpf_btf_info()
    info.btf = blob.address
    info.btf_size = UInt32(size)
    try objectInfo(fd: fd, &info)
    return Array(blob)
  }
}
