// SPDX-License-Identifier: Apache-2.0
import CBPF
package import SystemPackage

/// What BPF_MAP_CREATE takes. Numbers are the kernel's own (enum bpf_map_type, BPF_F_*).
package struct MapCreate: Sendable {
  package var type: UInt32
  /// Bytes of a key; zero for maps without keys.
  package var keySize: UInt32
  /// Bytes of one value; zero for rings and the like.
  package var valueSize: UInt32
  package var maxEntries: UInt32
  package var flags: UInt32
  /// Cut to 15 bytes. An empty name is always accepted.
  package var name: String
  package var innerMapFD: CInt?
  package var numaNode: UInt32 = 0
  /// The device for which an offloaded map is made; zero for none.
  package var interfaceIndex: UInt32 = 0
  package var btfFD: CInt?
  package var keyTypeID: UInt32 = 0
  package var valueTypeID: UInt32 = 0
  /// For struct_ops: the kernel's value type.
  package var kernelValueTypeID: UInt32 = 0
  /// Bloom filter: number of hashes. Arena: the address that user space will map it at.
  package var extra: UInt64 = 0
  /// For struct_ops in a module: the module's BTF. Its flag is set along with it.
  package var valueTypeBTFFD: CInt?
  /// A BPF token. Its flag is set along with it.
  package var tokenFD: CInt?
  /// The SHA-256 of the one program that may use the map.
  package var exclusiveProgramHash: [UInt8] = []

  package init(
    type: UInt32, keySize: UInt32, valueSize: UInt32, maxEntries: UInt32, flags: UInt32 = 0, name: String = ""
  ) {
    self.type = type
    self.keySize = keySize
    self.valueSize = valueSize
    self.maxEntries = maxEntries
    self.flags = flags
    self.name = name
  }
}

extension BPFCall {
  /// BPF_MAP_CREATE.
  package static func createMap(_ map: MapCreate) throws(Errno) -> Descriptor {
    var attributes = cbpf_map_create()
    attributes.map_type = map.type
    attributes.key_size = map.keySize
    attributes.value_size = map.valueSize
    attributes.max_entries = map.maxEntries
    attributes.map_flags = map.flags
    attributes.inner_map_fd = map.innerMapFD.descriptorField
    attributes.numa_node = map.numaNode
    setName(&attributes.map_name, map.name)
    attributes.ifindex = map.interfaceIndex
    attributes.btf_fd = map.btfFD.descriptorField
    attributes.key_type_id = map.keyTypeID
    attributes.value_type_id = map.valueTypeID
    attributes.vmlinux_value_type_id = map.kernelValueTypeID
    attributes.map_extra = map.extra
    if let fd = map.valueTypeBTFFD {
      attributes.value_type_btf_obj_fd = fd
      attributes.map_flags |= 1 << 15  // BPF_F_VTYPE_BTF_OBJ_FD
    }
    if let fd = map.tokenFD {
      attributes.token_fd = fd
      attributes.map_flags |= 1 << 16  // BPF_F_TOKEN_FD
    }
    var memory = CallMemory()
    defer { memory.free() }
    attributes.excl_prog_hash = memory.place(map.exclusiveProgramHash)
    attributes.excl_prog_hash_size = UInt32(map.exclusiveProgramHash.count)
    return try open(CBPF_MAP_CREATE, &attributes)
  }

  @inline(__always)
  private static func element(
    _ command: cbpf_command, _ fd: CInt, _ key: UnsafeRawPointer?, _ value: UnsafeRawPointer?, _ flags: UInt64
  ) throws(Errno) {
    var attributes = cbpf_map_elem(
      map_fd: UInt32(bitPattern: fd), reserved: 0, key: UInt64(address: key), value: UInt64(address: value),
      flags: flags)
    try call(command, &attributes)
  }

  /// BPF_MAP_LOOKUP_ELEM: copies the value out. `ENOENT` when the key is absent.
  ///
  /// - Parameters:
  ///   - key: as many bytes as the map's key size; nil for maps without keys.
  ///   - value: room for a value; for per-CPU maps, for one of each *possible* CPU, each padded to 8 bytes.
  package static func lookup(
    fd: CInt, key: UnsafeRawPointer?, value: UnsafeMutableRawPointer, flags: UInt64 = 0
  ) throws(Errno) {
    try element(CBPF_MAP_LOOKUP, fd, key, value, flags)
  }

  /// BPF_MAP_UPDATE_ELEM. Flags: 0 any, 1 no such key yet (`EEXIST`), 2 only an existing key (`ENOENT`), 4 locked.
  package static func update(
    fd: CInt, key: UnsafeRawPointer?, value: UnsafeRawPointer, flags: UInt64 = 0
  ) throws(Errno) {
    try element(CBPF_MAP_UPDATE, fd, key, value, flags)
  }

  /// BPF_MAP_DELETE_ELEM.
  package static func delete(fd: CInt, key: UnsafeRawPointer?) throws(Errno) {
    try element(CBPF_MAP_DELETE, fd, key, nil, 0)
  }

  /// BPF_MAP_LOOKUP_AND_DELETE_ELEM: takes a value out.
  ///
  /// - Requires: Linux 4.20 for queues and stacks, 5.14 for hash maps
  package static func lookupAndDelete(
    fd: CInt, key: UnsafeRawPointer?, value: UnsafeMutableRawPointer, flags: UInt64 = 0
  ) throws(Errno) {
    try element(CBPF_MAP_LOOKUP_AND_DELETE, fd, key, value, flags)
  }

  /// BPF_MAP_GET_NEXT_KEY: the key after another, or the first one. `ENOENT` after the last.
  package static func nextKey(
    fd: CInt, after key: UnsafeRawPointer?, into next: UnsafeMutableRawPointer
  ) throws(Errno) {
    try element(CBPF_MAP_NEXT_KEY, fd, key, next, 0)
  }

  /// BPF_MAP_FREEZE: user space can no longer write the map.
  ///
  /// - Requires: Linux 5.2
  package static func freeze(fd: CInt) throws(Errno) {
    var attributes = cbpf_words(word: (UInt32(bitPattern: fd), 0, 0, 0))
    try call(CBPF_MAP_FREEZE, &attributes)
  }
}

/// Which of the batch commands.
package enum MapBatch: Sendable {
  case lookup, lookupAndDelete, update, delete

  var command: cbpf_command {
    switch self {
    case .lookup: CBPF_MAP_LOOKUP_BATCH
    case .lookupAndDelete: CBPF_MAP_LOOKUP_AND_DELETE_BATCH
    case .update: CBPF_MAP_UPDATE_BATCH
    case .delete: CBPF_MAP_DELETE_BATCH
    }
  }
}

extension BPFCall {
  /// BPF_MAP_*_BATCH.
  ///
  /// - Parameters:
  ///   - position: where the last lookup stopped (nil: from the start). Room of at least 4 bytes and the key size.
  ///   - next: where this lookup stopped.
  ///   - count: in: room, in elements; out: elements done, also when this throws.
  /// - Requires: Linux 5.6
  /// - Throws: `ENOENT` when a lookup has reached the end; `ENOSPC` when a hash bucket holds more than `count`.
  package static func batch(
    _ batch: MapBatch, fd: CInt, position: UnsafeRawPointer? = nil, next: UnsafeMutableRawPointer? = nil,
    keys: UnsafeRawPointer?, values: UnsafeRawPointer?, count: inout UInt32, elementFlags: UInt64 = 0,
    flags: UInt64 = 0
  ) throws(Errno) {
    var attributes = cbpf_map_batch(
      in_batch: UInt64(address: position), out_batch: UInt64(address: next), keys: UInt64(address: keys),
      values: UInt64(address: values), count: count, map_fd: UInt32(bitPattern: fd), elem_flags: elementFlags,
      flags: flags)
    defer { count = attributes.count }
    try call(batch.command, &attributes)
  }
}
