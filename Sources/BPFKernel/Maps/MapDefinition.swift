// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// What a map is created with. The compiler folds it into the map's global variable, from which the build makes the map's
/// definition: the order of these numbers is the build's (`MapDeclaration` in BPFCompiler).
@frozen public struct MapDefinition {
  /// `enum bpf_map_type`
  @usableFromInline var type: UInt32
  @usableFromInline var maxEntries: UInt32
  @usableFromInline var flags: UInt32
  @usableFromInline var pinning: UInt32
  @usableFromInline var extra: UInt32
  @usableFromInline var valueSize: UInt32

  @inline(__always)
  init(
    type: UInt32, maxEntries: UInt32, flags: MapFlags = .none, pinning: MapPinning = .none, extra: UInt32 = 0,
    valueSize: UInt32 = 0
  ) {
    self.type = type
    self.maxEntries = maxEntries
    self.flags = flags.rawValue
    self.pinning = pinning.rawValue
    self.extra = extra
    self.valueSize = valueSize
  }
}

/// `map_flags`: how the kernel keeps a map.
///
/// Source: the flags for `BPF_MAP_CREATE` in `include/uapi/linux/bpf.h`.
@frozen public struct MapFlags: OptionSet, Sendable {
  public var rawValue: UInt32
  @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }

  @inline(__always) public static var none: MapFlags { MapFlags(rawValue: 0) }
  /// `BPF_F_NO_PREALLOC`: memory for an element when it is added, not for all at the start. Not in programs that may
  /// interrupt the allocator (kprobe, perf_event) before Linux 6.1.
  @inline(__always) public static var noPreallocation: MapFlags { MapFlags(rawValue: 1) }
  /// `BPF_F_NO_COMMON_LRU`: an LRU list for each CPU.
  @inline(__always) public static var perCPULRU: MapFlags { MapFlags(rawValue: 2) }
  /// `BPF_F_RDONLY`: user space reads only.
  @inline(__always) public static var readOnly: MapFlags { MapFlags(rawValue: 8) }
  /// `BPF_F_WRONLY`: user space writes only.
  @inline(__always) public static var writeOnly: MapFlags { MapFlags(rawValue: 16) }
  /// `BPF_F_RDONLY_PROG`: programs read only. Requires Linux 5.2.
  @inline(__always) public static var readOnlyForPrograms: MapFlags { MapFlags(rawValue: 128) }
  /// `BPF_F_WRONLY_PROG`: programs write only. Requires Linux 5.2.
  @inline(__always) public static var writeOnlyForPrograms: MapFlags { MapFlags(rawValue: 256) }
  /// `BPF_F_MMAPABLE`: user space maps an array's values into its memory. Requires Linux 5.5.
  @inline(__always) public static var memoryMappable: MapFlags { MapFlags(rawValue: 1024) }
}

/// Whether the loader shares a map by its name.
@frozen public struct MapPinning: RawRepresentable, Sendable {
  public var rawValue: UInt32
  @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }
  /// `LIBBPF_PIN_NONE`
  @inline(__always) public static var none: MapPinning { MapPinning(rawValue: 0) }
  /// `LIBBPF_PIN_BY_NAME`: the map that is pinned under this name is used, or this one is pinned there.
  @inline(__always) public static var byName: MapPinning { MapPinning(rawValue: 1) }
}

/// Whether an element must or must not be there before `update`.
///
/// Source: the flags for `BPF_MAP_UPDATE_ELEM` in `include/uapi/linux/bpf.h`.
@frozen public struct UpdateMode: RawRepresentable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// `BPF_ANY`: adds or replaces.
  @inline(__always) public static var any: UpdateMode { UpdateMode(rawValue: 0) }
  /// `BPF_NOEXIST`: adds; fails if the key is there.
  @inline(__always) public static var absent: UpdateMode { UpdateMode(rawValue: 1) }
  /// `BPF_EXIST`: replaces; fails if the key is not there.
  @inline(__always) public static var present: UpdateMode { UpdateMode(rawValue: 2) }
}
