// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFBytecode
import BPFObject
import MeropsModel
public import MeropsPolicy
import Synchronization

/// Puts policy sets into the kernel, each in place of the one before, without a moment of no policy.
///
/// Each hook has a small entry program, and two slots for the programs of two sets, the banks. A word in memory that the
/// kernel shares says which bank counts; every entry program reads it once. A new set is verified and lies whole in the bank
/// that does not count before that word is stored: at once it counts on every hook.
///
/// - Requires: Linux 5.10, cgroup v2; root, or CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN.
public final class Enforcement: Sendable {
  private let parts: KernelParts
  private let layout: KernelLayout
  private let grace: GracePeriod
  private let reader: RingReader<[UInt8]>
  private let state: Mutex<State>
  /// Whether policies were in force already, which an earlier process had pinned.
  public let isTakenOver: Bool
  private let pins: String?

  /// Whether policies count: they do not any more when their pins were removed.
  public var isInForce: Bool { pins.map { KernelParts.arePinned(in: $0) } ?? true }

  private struct State {
    /// Whether the entry programs were pinned, if they are to be.
    var isAttached = false
    var generation: UInt32 = 0
    /// The newest last.
    var sets: [Loaded] = []
  }

  /// A set whose programs are in the kernel.
  private struct Loaded {
    var generation: UInt32
    var rules: [Rule]
    var counters: [(hook: PolicyHook, map: AnyMap)]
    /// Kept for as long as a bank may hold them.
    var programs: [Program]
  }

  /// How many sets are remembered, so that late verdicts find their rule.
  private static let remembered = 16

  /// Enforces what is pinned, or else nothing yet: every act is allowed until a set is applied.
  ///
  /// - Parameters:
  ///   - cgroup: a directory of cgroup v2: policies are about processes in it and below.
  ///   - pins: a directory in a bpffs: policies stay in force when this process ends, and are taken over by the next one, until
  ///     ``PolicyPins/remove(_:)``. nil: policies end with this object.
  ///   - last: the set that counts where one is pinned: its verdicts then find their rules.
  public init(cgroup: String, pins: String? = nil, last: PolicySet? = nil) throws {
    self.pins = pins
    guard let scope = Cgroups.place(of: cgroup) else {
      throw EnforcementError(
        "\(cgroup) is no directory of cgroup v2 below its mount \(Cgroups.mount ?? ""), or that mount is not of the whole tree."
      )
    }
    layout = try KernelLayout.running()
    grace = try GracePeriod()
    if let pins, let pinned = try KernelParts(pinned: pins) {
      guard pinned.scope == scope else {
        throw EnforcementError(
          "Policies are in force in another cgroup than \(cgroup), pinned in \(pins): end them with `merops policy off`."
        )
      }
      parts = pinned
      isTakenOver = true
    } else {
      parts = try KernelParts(cgroup: scope)
      isTakenOver = false
    }
    reader = try RingReader(parts.ring)
    var state = State(generation: try parts.generation.loadAcquiring())
    if isTakenOver, let last {
      state.sets.append(Loaded(generation: state.generation, rules: last.rules, counters: [], programs: []))
    }
    self.state = Mutex(state)
    // A process that was ended has not waited for what ran before its last store.
    if isTakenOver {
      try grace.wait()
    } else {
      _ = try apply(PolicySet([]))
      try parts.attach(to: cgroup)
      if let pins { try parts.pin(in: pins) }
    }
    self.state.withLock { $0.isAttached = true }
  }

  /// Where the machine has cgroup v2; nil where it is not mounted.
  public static var cgroupMount: String? { Cgroups.mount }

  /// What `apply` did.
  public struct Applied: Sendable {
    public var generation: UInt32
    public var ruleCount: Int
    /// Instructions by hook.
    public var instructions: [PolicyHook: Int]
    /// From the first system call to the store that let the set count.
    public var loading: Duration
    /// The store alone.
    public var flip: Duration
    /// From the store until no program of the set before ran any more.
    public var grace: Duration
  }

  /// Puts a set in place of the one that counts. When this returns, no act is decided by the set before any more.
  ///
  /// - Throws: ``PolicyProblem`` for a set that cannot be compiled, ``EnforcementError`` for one that the kernel refuses;
  ///   the set before counts on.
  @discardableResult
  public func apply(_ set: PolicySet) throws -> Applied {
    try state.withLock { state in
      guard !state.isAttached || isInForce else {
        throw EnforcementError(
          "Policies were switched off, by removing \(pins ?? ""): nothing is enforced until the agent is started again."
        )
      }
      let clock = ContinuousClock()
      let start = clock.now
      let generation = state.generation &+ 1
      let compiled = try PolicyCompiler(layout: layout, cgroup: Cgroups.find).compile(set, generation: generation)
      var loaded = Loaded(generation: generation, rules: compiled.rules, counters: [], programs: [])
      var slots: [(hook: PolicyHook, program: Program)] = []
      // Hooks that look for the same members share a map.
      var members: [CompiledMap: AnyMap] = [:]
      for hook in PolicyHook.allCases {
        let program = compiled.hooks[hook] ?? .allowing(hook)
        let (result, counters) = try load(program, for: hook, generation, set, &members)
        slots.append((hook, result))
        loaded.programs.append(result)
        if let counters { loaded.counters.append((hook, counters)) }
      }
      // Nobody looks at this bank: the set before the last one was waited for when it was replaced.
      for (hook, program) in slots { try parts.slots[hook]?.set(program, for: generation & 1) }
      let flip = clock.now
      try parts.generation.storeReleasing(generation)
      let flipped = clock.now
      state.generation = generation
      state.sets.append(loaded)
      if state.sets.count > Self.remembered { state.sets.removeFirst() }
      // What is two sets old is in no bank.
      for index in state.sets.indices.dropLast(2) { state.sets[index].programs = [] }
      try grace.wait()
      return Applied(
        generation: generation, ruleCount: compiled.rules.count,
        instructions: compiled.hooks.mapValues(\.instructions.count), loading: flip - start, flip: flipped - flip,
        grace: clock.now - flipped)
    }
  }

  /// Hands one program to the verifier, with maps of its own that are filled.
  private func load(
    _ compiled: CompiledProgram, for hook: PolicyHook, _ generation: UInt32, _ set: PolicySet,
    _ members: inout [CompiledMap: AnyMap]
  ) throws -> (Program, counters: AnyMap?) {
    var counters: AnyMap?
    do {
      var maps: [AnyMap] = []
      for map in compiled.maps {
        switch map {
        case .processes: maps.append(parts.processes)
        case .verdicts: maps.append(parts.ring)
        case .counters:
          let created = try AnyMap(
            creating: MapParameters(
              .array, name: "policy_counts", keySize: 4, valueSize: 8 * (set.rules.count + 1), maxEntries: 1))
          counters = created
          maps.append(created)
        default:
          let created = try members[map] ?? map.created()
          members[map] = created
          maps.append(created)
        }
      }
      var prepared = PreparedProgram(
        hook.programType, name: "policy_\(generation)",
        instructions: compiled.instructions(descriptors: maps.map(\.fd)))
      prepared.attachType = hook.attachType
      if let type = hook.kernelType {
        guard let found = try KernelTypes.current().find(type, kind: .typedef) else {
          throw EnforcementError("this kernel has no \(type)")
        }
        prepared.attachTypeID = found.id
      }
      return (try withExtendedLifetime(maps) { try prepared.load() }, counters)
    } catch {
      throw EnforcementError(
        "The kernel refuses the rules about \(hook.act.name) (\(hook.name)); the policies before stay in force: \(error)"
      )
    }
  }

  /// Waits for verdicts and hands them over.
  ///
  /// - Parameters:
  ///   - timeout: how long at most.
  ///   - body: called with one verdict at a time.
  /// - Returns: how many there were.
  @discardableResult
  public func readVerdicts(timeout: Duration?, _ body: (PolicyVerdict) -> Void) throws -> Int {
    guard try reader.wait(timeout: timeout) else { return 0 }
    var verdicts: [PolicyVerdict] = []
    reader.consumeRecords(limit: 4096) { record in
      if let verdict = PolicyVerdict(record) { verdicts.append(verdict) }
    }
    for var verdict in verdicts {
      verdict.rule = rule(verdict.ruleNumber, of: verdict.generation)
      body(verdict)
    }
    return verdicts.count
  }

  /// Ends one wait of ``readVerdicts(timeout:_:)`` as if its time were over.
  public func wake() { reader.wake() }

  private func rule(_ number: Int, of generation: UInt32) -> Rule? {
    state.withLock { state in
      guard let set = state.sets.last(where: { $0.generation == generation }) else { return nil }
      return set.rules.indices.contains(number) ? set.rules[number] : nil
    }
  }

  /// What the set that counts has done so far.
  public struct Counts: Sendable {
    public var generation: UInt32
    /// How often each rule applied, by its name.
    public var applied: [String: UInt64]
    /// Verdicts that the ring had no room for.
    public var lost: UInt64
    /// Processes whose program the kernel does not know, because there was no room: rules that deny count for them.
    public var unknownProcesses: UInt64
  }

  public func counts() throws -> Counts {
    try state.withLock { state in
      guard let set = state.sets.last else { return Counts(generation: 0, applied: [:], lost: 0, unknownProcesses: 0) }
      var counts = Counts(
        generation: set.generation, applied: [:], lost: 0, unknownProcesses: parts.unknownProcesses.get())
      for rule in set.rules { counts.applied[rule.name] = 0 }
      for (_, map) in set.counters {
        var words = [UInt64](repeating: 0, count: set.rules.count + 1)
        var key: UInt32 = 0
        _ = try words.withUnsafeMutableBytes { bytes in
          try bytes.baseAddress.map { try map.rawGet(&key, into: $0) }
        }
        counts.lost += words[0]
        for (rule, number) in zip(set.rules, words.dropFirst()) { counts.applied[rule.name, default: 0] += number }
      }
      return counts
    }
  }
}

/// What could not be done, in one sentence that says what is in force.
public struct EnforcementError: Error, CustomStringConvertible, Sendable {
  public let description: String

  init(_ description: String) { self.description = description }
}

extension PolicyHook {
  /// The entry program's name; with `Slots` behind it, that of its banks.
  var entry: String { "\(self)" }

  var programType: ProgramType { self == .exec ? .tracing : .cgroupSockAddr }

  var isOfCgroup: Bool { self != .exec }

  /// What the kernel calls the hook in its types.
  var kernelType: String? { self == .exec ? "btf_trace_sched_process_exec" : nil }

  var attachType: AttachType {
    switch self {
    case .connect4: .cgroupInet4Connect
    case .connect6: .cgroupInet6Connect
    case .send4: .cgroupUDP4Sendmsg
    case .send6: .cgroupUDP6Sendmsg
    case .bind4: .cgroupInet4Bind
    case .bind6: .cgroupInet6Bind
    case .exec: .traceRawTP
    }
  }
}

extension CompiledMap {
  /// A map of its own, filled and frozen for user space.
  func created() throws -> AnyMap {
    let keys = self.keys
    let type: MapType = if case .blocks = self { .lpmTrie } else { .hash }
    let map = try AnyMap(
      creating: MapParameters(
        type, name: "policy_set", keySize: keys.first?.count ?? 4, valueSize: 4, maxEntries: max(keys.count, 1),
        flags: type == .lpmTrie ? .noPreallocation : []))
    let value: UInt32 = 1
    for key in keys {
      try key.withUnsafeBytes { bytes in
        guard let start = bytes.baseAddress else { return }
        try withUnsafePointer(to: value) { try map.rawSet($0, for: start) }
      }
    }
    return map
  }
}
