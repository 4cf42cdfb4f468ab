// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode

extension Features {
  /// Something that the bpf(2) call or the verifier of some kernels can do and of older ones cannot, from Linux 5.10 on. An open set:
  /// later versions may add to it.
  public struct Ability: RawRepresentable, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    public var rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    /// Removing an entry of a hash map and returning its value in one call.
    public static let hashLookupAndDelete = Ability(rawValue: "map_lookup_and_delete")
    /// Maps that belong to one program.
    public static let exclusiveMaps = Ability(rawValue: "map_exclusive")
    /// Sign-extending loads and moves, byte swaps, long jumps: `-mcpu=v4`.
    public static let isaV4 = Ability(rawValue: "isa_v4")
    /// Atomic operations that return the old value, exchange and compare-and-exchange.
    public static let atomicFetch = Ability(rawValue: "atomic_fetch")
    /// Loads with acquire and stores with release order.
    public static let loadAcquire = Ability(rawValue: "load_acquire")
    /// Memory is charged to control groups and not to RLIMIT_MEMLOCK.
    public static let memoryCgroupAccounting = Ability(rawValue: "memcg_accounting")
    /// Links of perf events: tracepoints, kprobes, uprobes.
    public static let perfLink = Ability(rawValue: "perf_link")
    /// A number that you give at the attachment and the program reads (`bpf_get_attach_cookie`).
    public static let attachCookie = Ability(rawValue: "attach_cookie")
    /// One link for many kprobes.
    public static let kprobeMulti = Ability(rawValue: "kprobe_multi")
    /// One link for many uprobes.
    public static let uprobeMulti = Ability(rawValue: "uprobe_multi")
    /// Links in traffic control.
    public static let tcxLink = Ability(rawValue: "tcx_link")
    /// Links on netkit devices.
    public static let netkitLink = Ability(rawValue: "netkit_link")
    /// Tokens, which hand privileges to a container.
    public static let token = Ability(rawValue: "token")

    public static let allCases: [Ability] = facts.map(\.ability)

    /// The first kernel that has it; nil for an ability that this version of the library does not know.
    public var minimumKernel: KernelVersion? { Self.facts.first { $0.ability == self }?.kernel }

    /// As in "this kernel does not have ...".
    public var description: String { Self.facts.first { $0.ability == self }?.words ?? rawValue }

    private static let facts: [(ability: Ability, words: String, kernel: KernelVersion)] = [
      (.hashLookupAndDelete, "lookup and delete in hash maps", KernelVersion(5, 14)),
      (.exclusiveMaps, "exclusive maps", KernelVersion(6, 18)),
      (.isaV4, "the instructions of v4", KernelVersion(6, 6)),
      (.atomicFetch, "atomic operations that fetch", KernelVersion(5, 12)),
      (.loadAcquire, "load-acquire and store-release", KernelVersion(6, 15)),
      (.memoryCgroupAccounting, "memory accounting by control group", KernelVersion(5, 11)),
      (.perfLink, "links of perf events", KernelVersion(5, 15)),
      (.attachCookie, "attach cookies", KernelVersion(5, 15)),
      (.kprobeMulti, "multi-kprobe links", KernelVersion(5, 18)),
      (.uprobeMulti, "multi-uprobe links", KernelVersion(6, 6)),
      (.tcxLink, "tcx links", KernelVersion(6, 6)),
      (.netkitLink, "netkit links", KernelVersion(6, 7)),
      (.token, "tokens", KernelVersion(6, 9)),
    ]
  }
}
