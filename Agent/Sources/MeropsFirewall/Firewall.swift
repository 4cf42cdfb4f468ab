// SPDX-License-Identifier: Apache-2.0
package import BPF
import Glibc
import Synchronization

/// Drops packets by their source where they arrive, before Linux makes anything of them (XDP).
///
///     let firewall = try Firewall()
///     try firewall.change { $0.interfaces = ["eth0"]; $0.add(PacketRule(.drop, [AddressBlock("203.0.113.0/24")!])) }
///
/// The rules are made into one image, and one update of the kernel puts the image in the place of the one before: each packet is
/// judged by one of the two, whole. The image, the counters and the links are pinned: enforcement goes on when the process ends, and the next
/// firewall in the same folder takes it over.
///
/// Everything happens in the network namespace of the thread that calls. Only one firewall at a time may use a folder.
///
/// - Requires: Linux 5.10; CAP_BPF and CAP_NET_ADMIN, and to take over what is pinned CAP_SYS_ADMIN.
public final class Firewall: Sendable {
  public static let defaultFolder = "/sys/fs/bpf/merops/firewall"

  let object: PacketFilter
  /// For test runs in the kernel.
  package let program: Program
  /// That of packets which leave.
  let learner: Program
  private let folder: String
  private let direct: Bool?
  let state: Mutex<State>
  /// Whether ``init(folder:)`` found a firewall that enforced, and took it over.
  public let isAdopted: Bool

  struct State {
    var rules = FirewallRules()
    var slots: [UInt32: UInt32] = [:]
    var freeSlots: [UInt32] = []
    var generation: UInt64 = 0
    var pages = 0
    var table = ""
    var interfaces: Interfaces
    /// The newest.
    var exchange: Exchange?
    /// When flows that ended are looked for.
    var nextSweep: UInt64 = 0
  }

  /// Loads the kernel's program; takes over what is pinned in the folder, which is created otherwise.
  ///
  /// - Throws: ``FirewallError``, or `BPFError` if the kernel refuses the program.
  public convenience init(folder: String = defaultFolder) throws { try self.init(folder: folder, direct: nil) }

  /// - Parameter direct: whether IPv4 always gets the large array, or never; nil for by the size of the set.
  init(folder: String, direct: Bool?) throws {
    (self.folder, self.direct) = (folder, direct)
    try PinFolder.create(folder + "/links")
    let opened = try PacketFilter.open()
    var found: [String: AnyMap] = [:]
    do throws(BPFError) {
      for map in opened.collection.spec.maps where Self.mapNames.contains(map.name) {
        guard let pinned = try AnyMap.reuse(pinned: "\(folder)/\(map.name)", as: MapParameters(map)) else { continue }
        found[map.name] = pinned
        try opened.collection.replaceMap(map.name, with: pinned)
      }
      object = try opened.load()
      program = try object.firewall.program()
      learner = try object.outgoing.program()
      for name in Self.mapNames where found[name] == nil {
        try object.collection.map(name).pin(at: "\(folder)/\(name)")
      }
    } catch {
      guard error.code == .mapMismatch else { throw error }
      throw FirewallError(
        .conflict,
        "The firewall pinned in \(folder) is of another version: \(error). Take it away with `rm -r \(folder)`; it "
          + "enforces until then.")
    }
    var state = State(interfaces: try Interfaces(in: folder + "/links", judge: program, learner: learner))
    if let image = try object.images.get(0) { try Self.read(image, into: &state) }
    isAdopted = !state.interfaces.guarded.isEmpty
    state.freeSlots = Self.free(besides: Set(state.slots.values))
    self.state = Mutex(state)
    if state.generation == 0 {
      try self.state.withLock { try install(FirewallRules(), &$0) }
    }
  }

  private static let mapNames = ["images", "counters", "paces", "rates", "flows", "flowCounts", "drops"]

  /// The rules as they are enforced.
  public var rules: FirewallRules { state.withLock { $0.rules } }

  /// Changes the rules. When this returns, every packet that arrives is judged by the new ones.
  ///
  /// - Throws: ``FirewallError`` or `BPFError`; what is enforced is then as it was.
  ///
  /// - Parameter mayBeAbsent: whether new interfaces need not be there; they are guarded when they come.
  public func change(mayBeAbsent: Bool = false, _ body: (inout FirewallRules) throws -> Void) throws {
    try changeUncleaned(mayBeAbsent: mayBeAbsent) {
      try body(&$0)
      $0.removeEnded(at: Self.bootTime())
    }
  }

  /// The same without forgetting what has ended.
  func changeUncleaned(mayBeAbsent: Bool = false, _ body: (inout FirewallRules) throws -> Void) throws {
    try state.withLock { state in
      var rules = state.rules
      try body(&rules)
      try replace(rules, mayBeAbsent: mayBeAbsent, &state)
    }
  }

  /// Does what time asks for: forgets rules that ended, and guards interfaces that came back.
  public func refresh() throws {
    try state.withLock { state in
      let now = Self.bootTime()
      state.interfaces.forgetGone()
      let hasEnded = state.rules.rules.contains { ($0.end ?? .max) <= now }
      let isBack = state.rules.interfaces.contains { state.interfaces.guarded[$0] == nil && if_nametoindex($0) != 0 }
      if hasEnded || isBack {
        var rules = state.rules
        rules.removeEnded(at: now)
        try replace(rules, &state)
      }
      try removeEndedFlows(&state)
    }
  }

  /// Detaches the program everywhere, and forgets all rules.
  public func removeEverything() {
    state.withLock { state in
      for name in state.interfaces.guarded.keys { state.interfaces.release(name) }
      for name in state.interfaces.learning.keys { state.interfaces.ignore(name) }
      for name in Self.mapNames { try? AnyMap.unpin("\(folder)/\(name)") }
      rmdir(folder + "/links")
      rmdir(folder)
      state.rules = FirewallRules()
    }
  }

  // MARK: Changes

  private func replace(_ rules: FirewallRules, mayBeAbsent: Bool = false, _ state: inout State) throws {
    for name in rules.interfaces
    where !mayBeAbsent && if_nametoindex(name) == 0 && !state.rules.interfaces.contains(name) {
      throw FirewallError(.invalid, "There is no interface \(name) here; `ip link` lists those that there are.")
    }
    let old = state.rules
    let fresh = rules.interfaces.filter { state.interfaces.guarded[$0] == nil }
    let learning = rules.asksForFlows ? rules.interfaces.filter { state.interfaces.learning[$0] == nil } : []
    do {
      // First, so that what leaves from now on is known when a rule asks for it.
      if !learning.isEmpty, state.interfaces.learning.isEmpty { try removeAllFlows() }
      for name in learning { try state.interfaces.learn(name) }
      try install(rules, &state)
      for name in fresh { try state.interfaces.guardInterface(name) }
    } catch {
      for name in fresh { state.interfaces.release(name) }
      for name in learning { state.interfaces.ignore(name) }
      if state.rules != old { try install(old, &state) }
      throw error
    }
    for name in state.interfaces.guarded.keys where !rules.interfaces.contains(name) { state.interfaces.release(name) }
    for name in state.interfaces.learning.keys where !(rules.asksForFlows && rules.interfaces.contains(name)) {
      state.interfaces.ignore(name)
    }
  }

  /// Puts an image of the rules in the place of that which counts.
  private func install(_ rules: FirewallRules, _ state: inout State) throws {
    var slots: [UInt32: UInt32] = [:]
    var free = state.freeSlots
    let fresh = rules.rules.filter { state.slots[$0.id] == nil }
    guard fresh.count <= free.count else {
      throw FirewallError(
        .invalid, "There can be \(Slot.count - Slot.first) rules. Import addresses as a list: a list is one rule.")
    }
    for rule in rules.rules { slots[rule.id] = state.slots[rule.id] ?? free.removeLast() }
    for rule in fresh {
      guard let slot = slots[rule.id] else { continue }
      try object.counters.set(all: SlotCount(packets: 0, bytes: 0), for: slot)
    }
    var interfaces: [String: UInt32] = [:]
    for case let name? in rules.rules.map(\.interface) where interfaces[name] == nil {
      let index = if_nametoindex(name)
      // 0 would be any.
      if index != 0 { interfaces[name] = index }
    }
    let generation = state.generation + 1
    var plan = try ImagePlan(rules, slots: slots, interfaces: interfaces, generation: generation, direct: direct)
    let image = try Self.image(&plan)
    state.exchange?.wait()
    state.exchange = try Exchange(image, in: object.images)
    for rule in state.rules.rules where slots[rule.id] == nil {
      if let slot = state.slots[rule.id] { try keepCount(of: slot, rule.action) }
    }
    let kept = Set(slots.values)
    state.freeSlots = free + state.slots.values.filter { !kept.contains($0) }
    (state.slots, state.generation, state.rules) = (slots, generation, rules)
    (state.pages, state.table) = (plan.pages, plan.tableName)
  }

  /// A map with what was planned.
  static func image(_ plan: inout ImagePlan) throws -> AnyMap {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<8 {
      let map = try AnyMap(
        creating: MapParameters(
          .array, name: "image", keySize: 4, valueSize: ImagePage.bytes, maxEntries: plan.pages,
          flags: [.memoryMappable, .innerMap]))
      let memory = try MappedArray<Page>(map)
      if memory.withUnsafeMutablePointer(at: 0, { plan.write(to: $0, &random) }) { return map }
    }
    throw FirewallError(.failed, "No place was found for the addresses of the rules: import the lists anew.")
  }

  private static func read(_ image: AnyMap, into state: inout State) throws {
    let pages = try MappedArray<Page>(image)
    let header = pages.withUnsafeMutablePointer(at: 0) { $0.load(as: ImageHeader.self) }
    let start = Int(header.ledger) * ImagePage.bytes
    let count = Int(clamping: header.ledgerBytes)
    let ledger: Ledger? =
      header.layout == ImageHeader.current && start + count <= pages.count * ImagePage.bytes
      ? pages.withUnsafeMutablePointer(at: 0) { Ledger(UnsafeRawBufferPointer(start: $0 + start, count: count)) } : nil
    guard let ledger else {
      throw FirewallError(
        .conflict,
        "The pinned rules are of another version of Merops, which can change them. They are enforced until then.")
    }
    (state.rules, state.slots) = (ledger.rules, ledger.slots)
    (state.generation, state.pages) = (header.generation, pages.count)
    state.table = header.direct == 0 ? "search" : "direct"
  }

  private static func free(besides used: Set<UInt32>) -> [UInt32] {
    // The last is taken first.
    (Slot.first..<Slot.count).reversed().filter { !used.contains($0) }
  }

  /// Nanoseconds since boot, as rules have them.
  public static func bootTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
