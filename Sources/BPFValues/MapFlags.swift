// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// How the kernel keeps a map: flags of `BPF_MAP_CREATE`.
@frozen public struct MapFlags: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `BPF_F_NO_PREALLOC`: the kernel allocates an entry when it is added, not all of them at the start. Not in programs
  /// that may interrupt the allocator (kprobe, perf_event) before Linux 6.1.
  @inlinable public static var noPreallocation: MapFlags { MapFlags(rawValue: 1 << 0) }
  /// `BPF_F_NO_COMMON_LRU`: a list of recently used entries for each CPU.
  @inlinable public static var noCommonLRU: MapFlags { MapFlags(rawValue: 1 << 1) }
  /// `BPF_F_NUMA_NODE`: the map is allocated on a given NUMA node.
  @inlinable public static var numaNode: MapFlags { MapFlags(rawValue: 1 << 2) }
  /// `BPF_F_RDONLY`: user space may only read.
  @inlinable public static var readOnly: MapFlags { MapFlags(rawValue: 1 << 3) }
  /// `BPF_F_WRONLY`: user space may only write.
  @inlinable public static var writeOnly: MapFlags { MapFlags(rawValue: 1 << 4) }
  /// `BPF_F_STACK_BUILD_ID`: stack traces hold build ids and offsets.
  /// - Requires: Linux 4.17
  @inlinable public static var stackBuildID: MapFlags { MapFlags(rawValue: 1 << 5) }
  /// `BPF_F_ZERO_SEED`: an unseeded hash, for tests.
  /// - Requires: Linux 5.0
  @inlinable public static var zeroSeed: MapFlags { MapFlags(rawValue: 1 << 6) }
  /// `BPF_F_RDONLY_PROG`: programs may only read.
  /// - Requires: Linux 5.2
  @inlinable public static var readOnlyForPrograms: MapFlags { MapFlags(rawValue: 1 << 7) }
  /// `BPF_F_WRONLY_PROG`: programs may only write.
  /// - Requires: Linux 5.2
  @inlinable public static var writeOnlyForPrograms: MapFlags { MapFlags(rawValue: 1 << 8) }
  /// `BPF_F_CLONE`: socket storage is copied when a socket is cloned.
  /// - Requires: Linux 5.4
  @inlinable public static var clone: MapFlags { MapFlags(rawValue: 1 << 9) }
  /// `BPF_F_MMAPABLE`: user space may map the values into memory.
  /// - Requires: Linux 5.5
  @inlinable public static var memoryMappable: MapFlags { MapFlags(rawValue: 1 << 10) }
  /// `BPF_F_PRESERVE_ELEMS`: perf events stay when the descriptor that put them there is closed.
  /// - Requires: Linux 5.10
  @inlinable public static var preserveElements: MapFlags { MapFlags(rawValue: 1 << 11) }
  /// `BPF_F_INNER_MAP`: an inner array may have another number of entries than the template.
  /// - Requires: Linux 5.10
  @inlinable public static var innerMap: MapFlags { MapFlags(rawValue: 1 << 12) }
  /// `BPF_F_LINK`: a struct_ops map is attached by a link.
  /// - Requires: Linux 6.4
  @inlinable public static var link: MapFlags { MapFlags(rawValue: 1 << 13) }
  /// `BPF_F_PATH_FD`: a path is relative to a given directory descriptor.
  /// - Requires: Linux 6.5
  @inlinable public static var pathDescriptor: MapFlags { MapFlags(rawValue: 1 << 14) }
  /// `BPF_F_VTYPE_BTF_OBJ_FD`: the value type is a module's.
  /// - Requires: Linux 6.9
  @inlinable public static var moduleValueType: MapFlags { MapFlags(rawValue: 1 << 15) }
  /// `BPF_F_TOKEN_FD`: created with a BPF token.
  /// - Requires: Linux 6.9
  @inlinable public static var token: MapFlags { MapFlags(rawValue: 1 << 16) }
  /// `BPF_F_SEGV_ON_FAULT`: user space faults on an arena page that no program has allocated.
  /// - Requires: Linux 6.9
  @inlinable public static var faultOnAbsentPage: MapFlags { MapFlags(rawValue: 1 << 17) }
  /// `BPF_F_NO_USER_CONV`: arena pointers are not converted to user space's.
  /// - Requires: Linux 6.9
  @inlinable public static var noUserConversion: MapFlags { MapFlags(rawValue: 1 << 18) }
  /// `BPF_F_RB_OVERWRITE`: a full ring buffer discards its oldest records.
  /// - Requires: Linux 6.19
  @inlinable public static var overwrite: MapFlags { MapFlags(rawValue: 1 << 19) }
}

/// Whether a loader shares a map by its name.
@frozen public struct MapPinning: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `LIBBPF_PIN_NONE`
  @inlinable public static var none: MapPinning { MapPinning(rawValue: 0) }
  /// `LIBBPF_PIN_BY_NAME`: the loader uses the map that is pinned under this name in the object's pin directory, or pins
  /// this one there.
  @inlinable public static var byName: MapPinning { MapPinning(rawValue: 1) }
}
