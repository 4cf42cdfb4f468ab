// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode

/// Something that the bpf(2) call or the verifier of some kernels can do and of older ones cannot.
public enum Ability: String, Hashable, Sendable, CaseIterable {
  /// Names of programs and maps.
  case objectNames = "object_names"
  /// Global variables: programs that address the value of an array.
  case globalData = "global_data"
  /// Maps that user space can no longer write.
  case freeze = "map_freeze"
  /// Arrays that user space maps into memory.
  case memoryMappedArrays = "map_mmapable"
  /// Reading and writing many elements of a map at once.
  case batches = "map_batch"
  /// Taking an element out of a hash map in one call.
  case hashLookupAndDelete = "map_lookup_and_delete"
  /// Maps that belong to one program.
  case exclusiveMaps = "map_exclusive"
  /// Loops that the verifier sees the end of.
  case boundedLoops = "bounded_loops"
  /// Programs of more than 4096 instructions, up to a million.
  case largePrograms = "large_insn_limit"
  /// The comparisons that `-mcpu=v2` uses.
  case isaV2 = "isa_v2"
  /// The 32 bit jumps that `-mcpu=v3` uses.
  case isaV3 = "isa_v3"
  /// Sign-extending loads and moves, byte swaps, long jumps: `-mcpu=v4`.
  case isaV4 = "isa_v4"
  /// Atomic operations that give the old value, exchange and compare-and-exchange.
  case atomicFetch = "atomic_fetch"
  /// Loads with acquire and stores with release order.
  case loadAcquire = "load_acquire"
  /// `bpf_probe_read_kernel` and its like, apart from those for user memory.
  case probeReadKernel = "probe_read_kernel"
  /// The ring buffer.
  case ringBuffer = "ring_buffer"
  /// Memory is charged to control groups and not to RLIMIT_MEMLOCK.
  case memoryCgroupAccounting = "memcg_accounting"
  /// Links.
  case link = "link"
  /// Links of perf events: tracepoints, kprobes, uprobes.
  case perfLink = "perf_link"
  /// A number that the program finds at its attachment (`bpf_get_attach_cookie`).
  case attachCookie = "attach_cookie"
  /// One link for many kprobes.
  case kprobeMulti = "kprobe_multi"
  /// One link for many uprobes.
  case uprobeMulti = "uprobe_multi"
  /// Links in traffic control.
  case tcxLink = "tcx_link"
  /// Links on netkit devices.
  case netkitLink = "netkit_link"
  /// Tokens, which hand privileges to a container.
  case token = "token"

  /// The first kernel that has it.
  public var minimumKernel: KernelVersion? {
    switch self {
    case .objectNames: KernelVersion(4, 15)
    case .globalData, .freeze, .largePrograms: KernelVersion(5, 2)
    case .memoryMappedArrays, .probeReadKernel: KernelVersion(5, 5)
    case .batches: KernelVersion(5, 6)
    case .hashLookupAndDelete: KernelVersion(5, 14)
    case .exclusiveMaps: KernelVersion(6, 18)
    case .boundedLoops: KernelVersion(5, 3)
    case .isaV2: KernelVersion(4, 14)
    case .isaV3: KernelVersion(5, 1)
    case .isaV4, .uprobeMulti, .tcxLink: KernelVersion(6, 6)
    case .atomicFetch: KernelVersion(5, 12)
    case .loadAcquire: KernelVersion(6, 15)
    case .ringBuffer: KernelVersion(5, 8)
    case .memoryCgroupAccounting: KernelVersion(5, 11)
    case .link: KernelVersion(5, 7)
    case .perfLink, .attachCookie: KernelVersion(5, 15)
    case .kprobeMulti: KernelVersion(5, 18)
    case .netkitLink: KernelVersion(6, 7)
    case .token: KernelVersion(6, 9)
    }
  }
}

extension Ability: CustomStringConvertible {
  /// As in "this kernel does not have …".
  public var description: String {
    switch self {
    case .objectNames: "names of programs and maps"
    case .globalData: "global variables"
    case .freeze: "freezing of maps"
    case .memoryMappedArrays: "memory-mapped arrays"
    case .batches: "batch operations on maps"
    case .hashLookupAndDelete: "lookup and delete in hash maps"
    case .exclusiveMaps: "exclusive maps"
    case .boundedLoops: "bounded loops"
    case .largePrograms: "programs of more than 4096 instructions"
    case .isaV2: "the instructions of v2"
    case .isaV3: "the instructions of v3"
    case .isaV4: "the instructions of v4"
    case .atomicFetch: "atomic operations that fetch"
    case .loadAcquire: "load-acquire and store-release"
    case .probeReadKernel: "bpf_probe_read_kernel"
    case .ringBuffer: "ring buffers"
    case .memoryCgroupAccounting: "memory accounting by control group"
    case .link: "links"
    case .perfLink: "links of perf events"
    case .attachCookie: "attach cookies"
    case .kprobeMulti: "multi-kprobe links"
    case .uprobeMulti: "multi-uprobe links"
    case .tcxLink: "tcx links"
    case .netkitLink: "netkit links"
    case .token: "tokens"
    }
  }
}
