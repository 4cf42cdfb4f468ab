// SPDX-License-Identifier: Apache-2.0
import CBPF
public import SystemPackage

/// What the kernel says of a map.
public struct MapInformation: Sendable, Hashable {
  public var type: UInt32
  public var id: UInt32
  public var keySize: UInt32
  public var valueSize: UInt32
  public var maxEntries: UInt32
  public var flags: UInt32
  public var name: String
  public var interfaceIndex: UInt32
  public var btfID: UInt32
  public var keyTypeID: UInt32
  public var valueTypeID: UInt32
  /// For struct_ops: the kernel's value type, and the BTF it is in (Linux 6.9).
  public var kernelValueTypeID: UInt32
  public var kernelBTFID: UInt32
  /// - Requires: Linux 5.16
  public var extra: UInt64
}

/// What the kernel says of a BTF object.
public struct BTFInformation: Sendable, Hashable {
  public var id: UInt32
  /// Bytes of the blob.
  public var size: UInt32
  /// `vmlinux` or a module's name; empty for a program's BTF.
  public var name: String
  public var isKernel: Bool
}

extension BPFCall {
  /// The information of a map.
  public static func mapInformation(fd: CInt) throws(Errno) -> MapInformation {
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
  public static func mapHash(fd: CInt) throws(Errno) -> [UInt8] {
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
  public static func btfInformation(fd: CInt) throws(Errno) -> BTFInformation {
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
  public static func btfBytes(fd: CInt) throws(Errno) -> [UInt8] {
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
