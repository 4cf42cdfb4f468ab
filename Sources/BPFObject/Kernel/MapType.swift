// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode

/// What kind of storage a map is.
///
/// An open set: the kernel's `enum bpf_map_type`. The description is bpftool's name.
public struct MapType: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `BPF_MAP_TYPE_UNSPEC`: No type.
  public static let unspecified = MapType(rawValue: 0)
  /// `BPF_MAP_TYPE_HASH`: Hash table.
  /// - Requires: Linux 3.19
  public static let hash = MapType(rawValue: 1)
  /// `BPF_MAP_TYPE_ARRAY`: Array indexed by UInt32; all elements exist.
  /// - Requires: Linux 3.19
  public static let array = MapType(rawValue: 2)
  /// `BPF_MAP_TYPE_PROG_ARRAY`: Programs to tail-call.
  /// - Requires: Linux 4.2
  public static let programArray = MapType(rawValue: 3)
  /// `BPF_MAP_TYPE_PERF_EVENT_ARRAY`: Perf events, one a CPU: the older way to send records to user space.
  /// - Requires: Linux 4.3
  public static let perfEventArray = MapType(rawValue: 4)
  /// `BPF_MAP_TYPE_PERCPU_HASH`: Hash table with a value for each possible CPU.
  /// - Requires: Linux 4.6
  public static let perCPUHash = MapType(rawValue: 5)
  /// `BPF_MAP_TYPE_PERCPU_ARRAY`: Array with a value for each possible CPU.
  /// - Requires: Linux 4.6
  public static let perCPUArray = MapType(rawValue: 6)
  /// `BPF_MAP_TYPE_STACK_TRACE`: Stack traces by id.
  /// - Requires: Linux 4.6
  public static let stackTrace = MapType(rawValue: 7)
  /// `BPF_MAP_TYPE_CGROUP_ARRAY`: Cgroups, to test membership of.
  /// - Requires: Linux 4.8
  public static let cgroupArray = MapType(rawValue: 8)
  /// `BPF_MAP_TYPE_LRU_HASH`: Hash table that evicts the least recently used.
  /// - Requires: Linux 4.10
  public static let lruHash = MapType(rawValue: 9)
  /// `BPF_MAP_TYPE_LRU_PERCPU_HASH`: Evicting hash table with a value for each possible CPU.
  /// - Requires: Linux 4.10
  public static let lruPerCPUHash = MapType(rawValue: 10)
  /// `BPF_MAP_TYPE_LPM_TRIE`: Longest prefix match.
  /// - Requires: Linux 4.11
  public static let lpmTrie = MapType(rawValue: 11)
  /// `BPF_MAP_TYPE_ARRAY_OF_MAPS`: Array of maps of one shape.
  /// - Requires: Linux 4.12
  public static let arrayOfMaps = MapType(rawValue: 12)
  /// `BPF_MAP_TYPE_HASH_OF_MAPS`: Hash table of maps of one shape.
  /// - Requires: Linux 4.12
  public static let hashOfMaps = MapType(rawValue: 13)
  /// `BPF_MAP_TYPE_DEVMAP`: Network devices to redirect to, by index.
  /// - Requires: Linux 4.14
  public static let devmap = MapType(rawValue: 14)
  /// `BPF_MAP_TYPE_SOCKMAP`: Sockets, by index.
  /// - Requires: Linux 4.14
  public static let sockmap = MapType(rawValue: 15)
  /// `BPF_MAP_TYPE_CPUMAP`: CPUs to redirect packets to.
  /// - Requires: Linux 4.15
  public static let cpumap = MapType(rawValue: 16)
  /// `BPF_MAP_TYPE_XSKMAP`: AF_XDP sockets, by index.
  /// - Requires: Linux 4.18
  public static let xskmap = MapType(rawValue: 17)
  /// `BPF_MAP_TYPE_SOCKHASH`: Sockets, by key.
  /// - Requires: Linux 4.18
  public static let sockhash = MapType(rawValue: 18)
  /// `BPF_MAP_TYPE_CGROUP_STORAGE`: Storage for each cgroup and attachment (superseded by `cgrpStorage`).
  /// - Requires: Linux 4.19
  public static let cgroupStorage = MapType(rawValue: 19)
  /// `BPF_MAP_TYPE_REUSEPORT_SOCKARRAY`: Sockets of reuseport groups.
  /// - Requires: Linux 4.19
  public static let reuseportSockarray = MapType(rawValue: 20)
  /// `BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE`: As `cgroupStorage`, with a value for each possible CPU.
  /// - Requires: Linux 4.20
  public static let perCPUCgroupStorage = MapType(rawValue: 21)
  /// `BPF_MAP_TYPE_QUEUE`: First in, first out; no key.
  /// - Requires: Linux 4.20
  public static let queue = MapType(rawValue: 22)
  /// `BPF_MAP_TYPE_STACK`: Last in, first out; no key.
  /// - Requires: Linux 4.20
  public static let stack = MapType(rawValue: 23)
  /// `BPF_MAP_TYPE_SK_STORAGE`: Storage for each socket.
  /// - Requires: Linux 5.2
  public static let skStorage = MapType(rawValue: 24)
  /// `BPF_MAP_TYPE_DEVMAP_HASH`: Network devices to redirect to, by key.
  /// - Requires: Linux 5.4
  public static let devmapHash = MapType(rawValue: 25)
  /// `BPF_MAP_TYPE_STRUCT_OPS`: An implementation of a kernel interface.
  /// - Requires: Linux 5.6
  public static let structOps = MapType(rawValue: 26)
  /// `BPF_MAP_TYPE_RINGBUF`: Ring of records from kernel to user space.
  /// - Requires: Linux 5.8
  public static let ringBuffer = MapType(rawValue: 27)
  /// `BPF_MAP_TYPE_INODE_STORAGE`: Storage for each inode.
  /// - Requires: Linux 5.10
  public static let inodeStorage = MapType(rawValue: 28)
  /// `BPF_MAP_TYPE_TASK_STORAGE`: Storage for each task.
  /// - Requires: Linux 5.11
  public static let taskStorage = MapType(rawValue: 29)
  /// `BPF_MAP_TYPE_BLOOM_FILTER`: Set with false positives.
  /// - Requires: Linux 5.16
  public static let bloomFilter = MapType(rawValue: 30)
  /// `BPF_MAP_TYPE_USER_RINGBUF`: Ring of records from user space to kernel.
  /// - Requires: Linux 6.1
  public static let userRingBuffer = MapType(rawValue: 31)
  /// `BPF_MAP_TYPE_CGRP_STORAGE`: Storage for each cgroup.
  /// - Requires: Linux 6.2
  public static let cgrpStorage = MapType(rawValue: 32)
  /// `BPF_MAP_TYPE_ARENA`: Memory shared with user space, pointers included.
  /// - Requires: Linux 6.9
  public static let arena = MapType(rawValue: 33)
  /// `BPF_MAP_TYPE_INSN_ARRAY`: Instruction addresses to jump to.
  /// - Requires: Linux 6.19
  public static let instructionArray = MapType(rawValue: 34)
  /// `BPF_MAP_TYPE_RHASH`: Hash table that grows and shrinks.
  /// - Requires: Linux 7.2
  public static let resizableHash = MapType(rawValue: 35)

  /// All that this library knows, in the kernel's order.
  public static let allKnown: [MapType] = facts.indices.map { MapType(rawValue: UInt32($0)) }

  /// The one with bpftool's name `name`, as `"hash"`.
  public init?(name: String) {
    guard let index = Self.facts.firstIndex(where: { $0.name == name }) else { return nil }
    self.init(rawValue: UInt32(index))
  }

  /// The first release that has it; nil if this library does not know it.
  public var minimumKernel: KernelVersion? {
    rawValue < UInt32(Self.facts.count) ? Self.facts[Int(rawValue)].minimumKernel : nil
  }

  /// Names and first kernels, by raw value.
  private static let facts: [(name: String, minimumKernel: KernelVersion?)] = [
    ("unspec", nil),
    ("hash", KernelVersion(3, 19)),
    ("array", KernelVersion(3, 19)),
    ("prog_array", KernelVersion(4, 2)),
    ("perf_event_array", KernelVersion(4, 3)),
    ("percpu_hash", KernelVersion(4, 6)),
    ("percpu_array", KernelVersion(4, 6)),
    ("stack_trace", KernelVersion(4, 6)),
    ("cgroup_array", KernelVersion(4, 8)),
    ("lru_hash", KernelVersion(4, 10)),
    ("lru_percpu_hash", KernelVersion(4, 10)),
    ("lpm_trie", KernelVersion(4, 11)),
    ("array_of_maps", KernelVersion(4, 12)),
    ("hash_of_maps", KernelVersion(4, 12)),
    ("devmap", KernelVersion(4, 14)),
    ("sockmap", KernelVersion(4, 14)),
    ("cpumap", KernelVersion(4, 15)),
    ("xskmap", KernelVersion(4, 18)),
    ("sockhash", KernelVersion(4, 18)),
    ("cgroup_storage", KernelVersion(4, 19)),
    ("reuseport_sockarray", KernelVersion(4, 19)),
    ("percpu_cgroup_storage", KernelVersion(4, 20)),
    ("queue", KernelVersion(4, 20)),
    ("stack", KernelVersion(4, 20)),
    ("sk_storage", KernelVersion(5, 2)),
    ("devmap_hash", KernelVersion(5, 4)),
    ("struct_ops", KernelVersion(5, 6)),
    ("ringbuf", KernelVersion(5, 8)),
    ("inode_storage", KernelVersion(5, 10)),
    ("task_storage", KernelVersion(5, 11)),
    ("bloom_filter", KernelVersion(5, 16)),
    ("user_ringbuf", KernelVersion(6, 1)),
    ("cgrp_storage", KernelVersion(6, 2)),
    ("arena", KernelVersion(6, 9)),
    ("insn_array", KernelVersion(6, 19)),
    ("rhash", KernelVersion(7, 2)),
  ]
}

extension MapType: CustomStringConvertible {
  /// bpftool's name, as `hash`; a number for one that this library does not know.
  public var description: String {
    rawValue < UInt32(Self.facts.count) ? Self.facts[Int(rawValue)].name : "map type \(rawValue)"
  }
}
