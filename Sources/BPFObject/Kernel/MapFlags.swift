// SPDX-License-Identifier: Apache-2.0

/// Flags of `BPF_MAP_CREATE`.
public struct MapFlags: OptionSet, Hashable, Sendable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `BPF_F_NO_PREALLOC`: allocate elements as they are added.
  public static let noPreallocation = MapFlags(rawValue: 1 << 0)
  /// `BPF_F_NO_COMMON_LRU`: one eviction list for each CPU.
  public static let noCommonLRU = MapFlags(rawValue: 1 << 1)
  /// `BPF_F_NUMA_NODE`: ``MapSpec/numaNode`` counts.
  public static let numaNode = MapFlags(rawValue: 1 << 2)
  /// `BPF_F_RDONLY`: user space may only read.
  public static let readOnly = MapFlags(rawValue: 1 << 3)
  /// `BPF_F_WRONLY`: user space may only write.
  public static let writeOnly = MapFlags(rawValue: 1 << 4)
  /// `BPF_F_STACK_BUILD_ID`: stack traces hold build ids and offsets.
  /// - Requires: Linux 4.17
  public static let stackBuildID = MapFlags(rawValue: 1 << 5)
  /// `BPF_F_ZERO_SEED`: an unseeded hash, for tests.
  /// - Requires: Linux 5.0
  public static let zeroSeed = MapFlags(rawValue: 1 << 6)
  /// `BPF_F_RDONLY_PROG`: programs may only read.
  /// - Requires: Linux 5.2
  public static let readOnlyForPrograms = MapFlags(rawValue: 1 << 7)
  /// `BPF_F_WRONLY_PROG`: programs may only write.
  /// - Requires: Linux 5.2
  public static let writeOnlyForPrograms = MapFlags(rawValue: 1 << 8)
  /// `BPF_F_CLONE`: socket storage is copied when a socket is cloned.
  /// - Requires: Linux 5.4
  public static let clone = MapFlags(rawValue: 1 << 9)
  /// `BPF_F_MMAPABLE`: user space may map the values into memory.
  /// - Requires: Linux 5.5
  public static let memoryMappable = MapFlags(rawValue: 1 << 10)
  /// `BPF_F_PRESERVE_ELEMS`: perf events stay when the descriptor that put them there is closed.
  /// - Requires: Linux 5.10
  public static let preserveElements = MapFlags(rawValue: 1 << 11)
  /// `BPF_F_INNER_MAP`: an inner array may have another number of elements than the template.
  /// - Requires: Linux 5.10
  public static let innerMap = MapFlags(rawValue: 1 << 12)
  /// `BPF_F_LINK`: a struct_ops map is attached by a link.
  /// - Requires: Linux 6.4
  public static let link = MapFlags(rawValue: 1 << 13)
  /// `BPF_F_PATH_FD`: a path is relative to a given directory descriptor.
  /// - Requires: Linux 6.5
  public static let pathDescriptor = MapFlags(rawValue: 1 << 14)
  /// `BPF_F_VTYPE_BTF_OBJ_FD`: the value type is a module's.
  /// - Requires: Linux 6.9
  public static let moduleValueType = MapFlags(rawValue: 1 << 15)
  /// `BPF_F_TOKEN_FD`: created with a BPF token.
  /// - Requires: Linux 6.9
  public static let token = MapFlags(rawValue: 1 << 16)
  /// `BPF_F_SEGV_ON_FAULT`: an arena page that a program did not allocate is not accessible from user space.
  /// - Requires: Linux 6.9
  public static let faultOnAbsentPage = MapFlags(rawValue: 1 << 17)
  /// `BPF_F_NO_USER_CONV`: arena pointers are not converted to user space's.
  /// - Requires: Linux 6.9
  public static let noUserConversion = MapFlags(rawValue: 1 << 18)
  /// `BPF_F_RB_OVERWRITE`: a full ring buffer discards its oldest records.
  /// - Requires: Linux 6.19
  public static let overwrite = MapFlags(rawValue: 1 << 19)
}
