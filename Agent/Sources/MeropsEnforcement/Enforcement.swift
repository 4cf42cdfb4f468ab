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
  private let ring: AnyMap
  private let unknownProcesses: GlobalVariable<UInt64>
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
    var parts: KernelParts
    /// Whether the parts were pinned, if they are to be.
    var isBegun = false
    var generation: UInt32 = 0
    /// The newest last.
    var sets: [Loaded] = []
    /// Verdicts that the ring had no room for, of sets that are not remembered any more.
    var forgottenLosses: UInt64 = 0
  }

  /// A set whose programs are in the kernel.
  private struct Loaded {
    var generation: UInt32
    var rules: [Rule]
    var counters: [(hook: PolicyHook, map: AnyMap)]
    /// The names of the rules that each hook decides by.
    var places: [PolicyHook: Set<String>] = [:]
    /// Kept for as long as a bank may hold them.
    var programs: [Program]
    /// How long the verifier took, with the maps that it needed.
    var loading: [PolicyHook: Duration] = [:]
  }

  /// A program, and where it is to be.
  private typealias Slot = (programs: DescriptorMap<UInt32>, slot: UInt32, program: Program)
  /// A set that the verifier has taken, and hooks that no set before had rules about.
  private typealias Prepared = (
    compiled: CompiledPolicy, loaded: Loaded, slots: [Slot], new: [PolicyHook: KernelParts.HookParts]
  )

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
    var parts: KernelParts
    if let pins, let pinned = try KernelParts(pinned: pins, cgroup: cgroup) {
      guard pinned.scope == scope else {
        throw EnforcementError(
          "Policies are in force in another cgroup than \(cgroup), pinned in \(pins): end them with `merops policy off`."
        )
      }
      parts = pinned
      isTakenOver = true
    } else {
      parts = try KernelParts(cgroup: cgroup, scope)
      isTakenOver = false
    }
    (ring, unknownProcesses) = (parts.ring, parts.unknownProcesses)
    reader = try RingReader(ring)
    if !isTakenOver, let pins { try parts.pin(in: pins) }
    var state = State(parts: parts, isBegun: true, generation: try parts.generation.loadAcquiring())
    if isTakenOver, let last {
      state.sets.append(Loaded(generation: state.generation, rules: last.rules, counters: [], programs: []))
    }
    self.state = Mutex(state)
    try parts.exemptThisProcess()
    // A process that was ended has not waited for what ran before its last store.
    if isTakenOver { try grace.wait() } else { _ = try apply(PolicySet([])) }
  }

  /// Without pins this ends enforcement. The kernel empties the slots when nobody holds them any more, and a hook that finds an empty
  /// one denies: first the hooks go.
  deinit { state.withLock { $0.parts.links.removeAll() } }

  /// How the kernel asks at each hook that a set had rules about.
  public var methods: [PolicyHook: HookMethod] { state.withLock { $0.parts.hooks.mapValues(\.method) } }

  /// Where the machine has cgroup v2; nil where it is not mounted.
  public static var cgroupMount: String? { Cgroups.mount }

  /// Where the kernel asks a rule that counts, and how.
  public func places(of rule: Rule) -> [String] {
    state.withLock { state in
      guard let places = state.sets.last?.places else { return [] }
      return places.filter { $0.value.contains(rule.name) }.keys.sorted { $0.rawValue < $1.rawValue }
        .map { $0.place(state.parts.hooks[$0]?.method) }
    }
  }

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
    /// Rules that events are asked about, and not the kernel.
    public var observed: [ObservedRule]
  }

  /// Puts a set in place of the one that counts. When this returns, no act is decided by the set before any more.
  ///
  /// - Throws: ``PolicyProblem`` for a set that cannot be compiled, ``EnforcementError`` for one that the kernel refuses;
  ///   the set before counts on.
  @discardableResult
  public func apply(_ set: PolicySet) throws -> Applied {
    try state.withLock { state in
      guard isInForce else {
        throw EnforcementError(
          "Policies were switched off, by removing \(pins ?? ""): nothing is enforced until the agent is started again."
        )
      }
      let clock = ContinuousClock()
      let start = clock.now
      let generation = state.generation &+ 1
      let (compiled, loaded, slots, new) = try prepare(set, &state)
      // Nobody looks at this bank: the set before the last one was waited for when it was replaced.
      for (programs, slot, program) in slots { try programs.set(program, for: slot) }
      try state.parts.attach(new)
      let flip = clock.now
      try state.parts.generation.storeReleasing(generation)
      let flipped = clock.now
      state.generation = generation
      state.sets.append(loaded)
      if state.sets.count > Self.remembered { state.forgottenLosses += try Self.words(of: state.sets.removeFirst())[0] }
      // What is two sets old is in no bank.
      for index in state.sets.indices.dropLast(2) { state.sets[index].programs = [] }
      try grace.wait()
      return Applied(
        generation: generation, ruleCount: compiled.rules.count,
        instructions: compiled.hooks.mapValues(\.instructions.count), loading: flip - start, flip: flipped - flip,
        grace: clock.now - flipped, observed: compiled.observed)
    }
  }

  /// Compiles a set and hands it to the verifier. Nothing counts yet.
  private func prepare(_ set: PolicySet, _ state: inout State) throws -> Prepared {
    let generation = state.generation &+ 1
    let known = state.parts.hooks.mapValues(\.method)
    let compiled = try PolicyCompiler(layout: layout, cgroup: Cgroups.find) { hook in
      if known[hook] != nil { return nil }
      let (method, refusal) = hook.runningMethod
      return method == nil ? refusal : nil
    }.compile(set, generation: generation)
    var loaded = Loaded(generation: generation, rules: compiled.rules, counters: [], programs: [])
    loaded.places = compiled.hooks.mapValues { program in Set(program.rules.map { compiled.rules[$0].name }) }
    var slots: [Slot] = []
    // Hooks that look for the same members share a map.
    var members: [CompiledMap: AnyMap] = [:]
    // Hooks that no set before had rules about. Until this set counts, they allow.
    var new: [PolicyHook: KernelParts.HookParts] = [:]
    for hook in compiled.hooks.keys where state.parts.hooks[hook] == nil {
      new[hook] = try loadHook(hook, &state.parts)
    }
    let hooks = state.parts.hooks.merging(new) { old, _ in old }
    for (hook, parts) in hooks {
      let program = compiled.hooks[hook] ?? .allowing(hook)
      let start = ContinuousClock.now
      let results = try load(program, for: hook, parts, state.parts, generation, set, &members, &loaded)
      loaded.loading[hook] = ContinuousClock.now - start
      for (slot, program) in results { slots.append((parts.programs, slot, program)) }
      guard new[hook] != nil else { continue }
      for (slot, program) in try load(
        .allowing(hook), for: hook, parts, state.parts, state.generation, set, &members, &loaded)
      { slots.append((parts.programs, slot, program)) }
    }
    return (compiled, loaded, slots, new)
  }

  /// What the verifier said of a hook's programs.
  public struct Verified: Sendable {
    public var hook: PolicyHook
    public var method: HookMethod
    public var rules: Int
    /// Instructions of the programs, and how many the verifier went through: 0 where the kernel does not say it (before 5.16).
    public var instructions: Int
    public var verifiedInstructions: Int
    /// Kernel memory of programs and of the maps that are theirs alone.
    public var memory: Int
    public var loading: Duration
  }

  /// Hands a set to the verifier, and drops it again: what counts goes on.
  ///
  /// - Throws: what ``apply(_:)`` would throw.
  public func verify(_ set: PolicySet) throws -> [Verified] {
    try state.withLock { state in
      var trial = state
      trial.parts.forgetPins()
      let (compiled, loaded, slots, new) = try prepare(set, &trial)
      let hooks = state.parts.hooks.merging(new) { old, _ in old }
      let shared: Set<String> = ["processes", "verdicts", "acts", "slots"]
      return try compiled.hooks.sorted { $0.key.rawValue < $1.key.rawValue }.compactMap {
        (hook, program) -> Verified? in
        guard let parts = hooks[hook] else { return nil }
        let bank = (state.generation &+ 1) & 1
        var verified = Verified(
          hook: hook, method: parts.method, rules: program.ruleCount,
          instructions: program.filter.count + program.instructions.count, verifiedInstructions: 0, memory: 0,
          loading: loaded.loading[hook] ?? .zero)
        var maps: Set<UInt32> = []
        for slot in slots where slot.programs.map === parts.programs.map && slot.slot & 1 == bank {
          let info = try slot.program.info()
          verified.verifiedInstructions += info.verifiedInstructions
          verified.memory += try slot.program.memory()
          maps.formUnion(info.mapIDs)
        }
        // Those that all sets have are no cost of this one.
        for id in maps {
          let map = try AnyMap(id: id)
          if !shared.contains(map.info.name) { verified.memory += try map.usage().memory }
        }
        return verified
      }
    }
  }

  private func loadHook(_ hook: PolicyHook, _ parts: inout KernelParts) throws -> KernelParts.HookParts {
    let (method, refusal) = hook.runningMethod
    do {
      guard let method else { throw EnforcementError(refusal) }
      return try parts.load(hook, method)
    } catch {
      throw EnforcementError(
        "The kernel does not let programs decide at \(hook.name); the policies before stay in force: \(error)")
    }
  }

  /// Hands a hook's programs to the verifier, with maps of their own that are filled.
  ///
  /// - Returns: which slot each is for.
  private func load(
    _ compiled: CompiledProgram, for hook: PolicyHook, _ hookParts: KernelParts.HookParts, _ parts: KernelParts,
    _ generation: UInt32, _ set: PolicySet, _ members: inout [CompiledMap: AnyMap], _ loaded: inout Loaded
  ) throws -> [(slot: UInt32, program: Program)] {
    do {
      var maps: [AnyMap] = []
      for map in compiled.maps {
        switch map {
        case .processes: maps.append(parts.processes)
        case .verdicts: maps.append(ring)
        case .slots: maps.append(hookParts.slots)
        case .acts:
          guard let acts = parts.acts else { throw EnforcementError("There is no map for the paths of acts.") }
          maps.append(acts)
        case .counters:
          let created = try AnyMap(
            creating: MapParameters(
              .array, name: "policy_counts", keySize: 4, valueSize: 8 * (set.rules.count + 1), maxEntries: 1))
          loaded.counters.append((hook, created))
          maps.append(created)
        default:
          let created = try members[map] ?? map.created()
          members[map] = created
          maps.append(created)
        }
      }
      let stages =
        compiled.filter.isEmpty
        ? [(PolicySlots.first, compiled.instructions)]
        : [(PolicySlots.first, compiled.filter), (PolicySlots.second, compiled.instructions)]
      return try stages.map { slot, instructions in
        var prepared = try hook.prepared(
          hookParts.method, CompiledProgram.instructions(instructions, descriptors: maps.map(\.fd)))
        prepared.name = "policy_\(generation)"
        let program = try withExtendedLifetime(maps) { try prepared.load() }
        loaded.programs.append(program)
        return (slot + generation & 1, program)
      }
    } catch {
      let acts = hook.acts.map(\.name).joined(separator: ", ")
      throw EnforcementError(
        "The kernel refuses the rules about \(acts) (\(hook.name)); the policies before stay in force: \(error)"
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
      verdict.method = state.withLock { $0.parts.hooks[verdict.hook]?.method }
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
        generation: set.generation, applied: [:], lost: 0, unknownProcesses: unknownProcesses.get())
      for rule in set.rules { counts.applied[rule.name] = 0 }
      let words = try Self.words(of: set)
      counts.lost = words[0]
      for (rule, number) in zip(set.rules, words.dropFirst()) { counts.applied[rule.name, default: 0] += number }
      return counts
    }
  }

  /// Verdicts that the ring had no room for, since this object is there.
  public func lostVerdicts() throws -> UInt64 {
    try state.withLock { state in
      try state.sets.reduce(state.forgottenLosses) { $0 + (try Self.words(of: $1)[0]) }
    }
  }

  /// What a set's programs have counted: verdicts that were lost, and how often each rule applied.
  private static func words(of set: Loaded) throws -> [UInt64] {
    var sums = [UInt64](repeating: 0, count: set.rules.count + 1)
    for (_, map) in set.counters {
      var words = sums.map { _ in 0 as UInt64 }
      var key: UInt32 = 0
      _ = try words.withUnsafeMutableBytes { bytes in
        try bytes.baseAddress.map { try map.rawGet(&key, into: $0) }
      }
      for index in words.indices { sums[index] += words[index] }
    }
    return sums
  }
}

/// What could not be done, in one sentence that says what is in force.
public struct EnforcementError: Error, CustomStringConvertible, Sendable {
  public let description: String

  init(_ description: String) { self.description = description }
}

extension PolicyHook {
  /// The entry program's name, and that of what writes paths; its slots have it as well.
  var entry: String { "\(self)" }

  /// A program for the hook.
  func prepared(_ method: HookMethod, _ instructions: [Instruction]) throws -> PreparedProgram {
    if let security { return try SecurityMethods.program(method, security, instructions) }
    var prepared = PreparedProgram(
      fields == nil ? .tracing : .cgroupSockAddr, name: "policy", instructions: instructions)
    switch self {
    case .connect4: prepared.attachType = .cgroupInet4Connect
    case .connect6: prepared.attachType = .cgroupInet6Connect
    case .send4: prepared.attachType = .cgroupUDP4Sendmsg
    case .send6: prepared.attachType = .cgroupUDP6Sendmsg
    case .bind4: prepared.attachType = .cgroupInet4Bind
    case .bind6: prepared.attachType = .cgroupInet6Bind
    default:
      prepared.attachType = .traceRawTP
      prepared.attachTypeID =
        try KernelTypes.current().attachTarget(named: "sched_process_exec", for: .traceRawTP).id
    }
    return prepared
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
