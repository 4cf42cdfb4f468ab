// SPDX-License-Identifier: Apache-2.0
package import BPF
import Glibc
public import MeropsModel
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

  private let object: PacketFilter
  /// For test runs in the kernel.
  package let program: Program
  private let folder: String
  private let direct: Bool?
  private let state: Mutex<State>
  /// Whether ``init(folder:)`` found a firewall that enforced, and took it over.
  public let isAdopted: Bool

  private struct State {
    var rules = FirewallRules()
    var slots: [UInt32: UInt32] = [:]
    var freeSlots: [UInt32] = []
    var generation: UInt64 = 0
    var pages = 0
    var table = ""
    var interfaces: [String: Guarded] = [:]
    /// The newest.
    var exchange: Exchange?
  }

  /// An interface whose packets are judged.
  struct Guarded {
    var index: UInt32
    var isGeneric: Bool
    var pin: String
  }

  /// Loads the kernel's program; takes over what is pinned in the folder, which is created otherwise.
  ///
  /// - Throws: ``FirewallError``, or `BPFError` if the kernel refuses the program.
  public convenience init(folder: String = defaultFolder) throws { try self.init(folder: folder, direct: nil) }

  /// - Parameter direct: whether IPv4 always gets the large array, or never; nil for by the size of the set.
  init(folder: String, direct: Bool?) throws {
    (self.folder, self.direct) = (folder, direct)
    try Self.makeFolder(folder + "/links")
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
    var state = State()
    if let image = try object.images.get(0) { try Self.read(image, into: &state) }
    state.interfaces = try Self.adopt(folder, program)
    isAdopted = !state.interfaces.isEmpty
    state.freeSlots = Self.free(besides: Set(state.slots.values))
    self.state = Mutex(state)
    if state.generation == 0 {
      try self.state.withLock { try install(FirewallRules(), &$0) }
    }
  }

  private static let mapNames = ["images", "counters", "paces", "rates", "drops"]

  /// The rules as they are enforced.
  public var rules: FirewallRules { state.withLock { $0.rules } }

  /// Changes the rules. When this returns, every packet that arrives is judged by the new ones.
  ///
  /// - Throws: ``FirewallError`` or `BPFError`; what is enforced is then as it was.
  public func change(_ body: (inout FirewallRules) throws -> Void) throws {
    try changeUncleaned {
      try body(&$0)
      $0.removeEnded(at: Self.bootTime())
    }
  }

  /// The same without forgetting what has ended.
  func changeUncleaned(_ body: (inout FirewallRules) throws -> Void) throws {
    try state.withLock { state in
      var rules = state.rules
      try body(&rules)
      try replace(rules, &state)
    }
  }

  /// Does what time asks for: forgets rules that ended, and guards interfaces that came back.
  public func refresh() throws {
    try state.withLock { state in
      let now = Self.bootTime()
      for (name, guarded) in state.interfaces where if_nametoindex(name) != guarded.index {
        try? Link.unpin(guarded.pin)
        state.interfaces[name] = nil
      }
      let hasEnded = state.rules.rules.contains { ($0.end ?? .max) <= now }
      let isBack = state.rules.interfaces.contains { state.interfaces[$0] == nil && if_nametoindex($0) != 0 }
      guard hasEnded || isBack else { return }
      var rules = state.rules
      rules.removeEnded(at: now)
      try replace(rules, &state)
    }
  }

  /// Detaches the program everywhere, and forgets all rules.
  public func removeEverything() {
    state.withLock { state in
      for name in state.interfaces.keys { detach(name, &state) }
      for name in Self.mapNames { try? AnyMap.unpin("\(folder)/\(name)") }
      rmdir(folder + "/links")
      rmdir(folder)
      state.rules = FirewallRules()
    }
  }

  // MARK: Changes

  private func replace(_ rules: FirewallRules, _ state: inout State) throws {
    for name in rules.interfaces where if_nametoindex(name) == 0 && !state.rules.interfaces.contains(name) {
      throw FirewallError(.invalid, "There is no interface \(name) here; `ip link` lists those that there are.")
    }
    let old = state.rules
    try install(rules, &state)
    let fresh = rules.interfaces.filter { state.interfaces[$0] == nil }
    do { for name in fresh { try attach(name, &state) } } catch {
      for name in fresh { detach(name, &state) }
      try install(old, &state)
      throw error
    }
    for name in state.interfaces.keys where !rules.interfaces.contains(name) { detach(name, &state) }
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

  // MARK: Interfaces

  private func attach(_ name: String, _ state: inout State) throws {
    let index = if_nametoindex(name)
    // Gone; `refresh` guards it when it comes back.
    guard index != 0 else { return }
    for mode in [Hook.XDPMode.native, .generic] {
      do throws(BPFError) {
        let link = try program.attach(to: .xdp(interface: Interface(name), mode: mode))
        let pin = "\(folder)/links/\(index)\(mode == .generic ? "g" : "n")"
        // Of an interface that had this number before.
        try? Link.unpin(pin)
        try link.pin(at: pin)
        state.interfaces[name] = Guarded(index: index, isGeneric: mode == .generic, pin: pin)
        return
      } catch {
        if error.errno == .resourceBusy || error.errno == .fileExists {
          throw FirewallError(
            .conflict,
            "\(name) has an XDP program of somebody else, and Merops stands back: see it with `ip link show \(name)`, "
              + "take it away with `ip link set \(name) xdp off` or its own program, and try again.")
        }
        if mode == .generic { throw error }
      }
    }
  }

  private func detach(_ name: String, _ state: inout State) {
    guard let guarded = state.interfaces[name] else { return }
    // An interface that is gone has taken its link along.
    try? Link.open(pinned: guarded.pin).detach()
    try? Link.unpin(guarded.pin)
    state.interfaces[name] = nil
  }

  /// Puts this process's program in the place of that which pinned links have.
  private static func adopt(_ folder: String, _ program: Program) throws -> [String: Guarded] {
    var result: [String: Guarded] = [:]
    for file in files(in: folder + "/links") {
      let pin = "\(folder)/links/\(file)"
      let link = try Link.open(pinned: pin)
      let info = try link.info()
      var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
      guard let index = info.interfaceIndex, index != 0, if_indextoname(index, &name) != nil else {
        try Link.unpin(pin)
        continue
      }
      try link.update(to: program)
      let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      result[text] = Guarded(index: index, isGeneric: file.hasSuffix("g"), pin: pin)
    }
    return result
  }

  private static func files(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var result: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { result.append(name) }
    }
    return result
  }

  private static func makeFolder(_ path: String) throws {
    guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw FirewallError(
        .failed,
        "The folder \(path) cannot be created (\(String(cString: strerror(errno)))). Its file system has to be a bpffs: "
          + "mount -t bpf bpf /sys/fs/bpf")
    }
    try makeFolder(String(path[..<slash]))
    try makeFolder(path)
  }

  /// Nanoseconds since boot, as rules have them.
  public static func bootTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

// MARK: What happens

/// What a firewall does, and has done.
public struct FirewallState: Hashable, Sendable {
  public struct Count: Hashable, Sendable {
    public var packets: UInt64
    public var bytes: UInt64

    public init(packets: UInt64 = 0, bytes: UInt64 = 0) { (self.packets, self.bytes) = (packets, bytes) }
  }

  public struct GuardedInterface: Hashable, Sendable {
    public enum Mode: String, Hashable, Sendable {
      /// In the driver.
      case native
      /// In Linux, behind the driver: slower.
      case generic
      /// The interface is not there; it is guarded when it comes back.
      case absent
    }
    public var name: String
    public var mode: Mode
  }

  public var rules: FirewallRules
  public var interfaces: [GuardedInterface]
  /// By the rules' numbers.
  public var counts: [UInt32: Count]
  /// Of packets that no rule met.
  public var others: Count
  /// Dropped since they end before their headers do, or contradict themselves.
  public var malformed: Count
  /// Passed since they are not IP.
  public var notIP: Count
  /// Dropped: more than two VLAN tags.
  public var unreadable: Count
  /// Counts the changes.
  public var generation: UInt64
  /// Of the image, in bytes.
  public var memory: Int
  /// How addresses of IPv4 are looked up: `search` or `direct`.
  public var table: String
}

extension Firewall {
  public func status() throws -> FirewallState {
    let (state, interfaces) = state.withLock { ($0, $0.interfaces) }
    var counts: [UInt32: FirewallState.Count] = [:]
    for (id, slot) in state.slots { counts[id] = try count(slot) }
    return FirewallState(
      rules: state.rules,
      interfaces: state.rules.interfaces.map { name in
        .init(name: name, mode: interfaces[name].map { $0.isGeneric ? .generic : .native } ?? .absent)
      }, counts: counts, others: try count(Slot.none), malformed: try count(Slot.malformed),
      notIP: try count(Slot.other), unreadable: try count(Slot.unreadable), generation: state.generation,
      memory: state.pages * ImagePage.bytes, table: state.table)
  }

  private func count(_ slot: UInt32) throws -> FirewallState.Count {
    (try object.counters.get(slot) ?? []).reduce(into: FirewallState.Count()) {
      $0.packets &+= $1.packets
      $0.bytes &+= $1.bytes
    }
  }

  /// Some of the packets that were dropped since the last call: at most 64 on each CPU in 256 ticks of the kernel's clock, a quarter
  /// of a second to two and a half.
  ///
  /// - Parameter wait: how long to wait for the first, in seconds.
  public func drops(wait: Double = 0) throws -> [PacketDrop] {
    let ids = state.withLock { Dictionary($0.slots.map { ($0.value, $0.key) }, uniquingKeysWith: { a, _ in a }) }
    var result: [PacketDrop] = []
    try object.drops.poll(timeout: .seconds(wait), limit: 4096) { result.append(PacketDrop($0, rule: ids[$0.slot])) }
    return result
  }

  /// Ends a call of ``drops(wait:)`` that waits.
  public func wake() { object.drops.wake() }
}

/// A packet that was dropped.
public struct PacketDrop: Hashable, Sendable {
  public enum Cause: Hashable, Sendable {
    case rule(UInt32)
    /// A rule that is gone since.
    case formerRule
    case defaultAction
    case malformed
    case unreadable
  }

  /// Nanoseconds since boot.
  public var time: UInt64
  public var cause: Cause
  /// The addresses; nil where the packet has none that can be read.
  public var source: Address?
  public var destination: Address?
  /// 0 where there is none.
  public var sourcePort: UInt16
  public var destinationPort: UInt16
  /// The number of the protocol; 6 is TCP.
  public var transport: UInt8
  public var vlan: UInt16?
  /// Bytes.
  public var length: UInt32
  /// The kernel's number of it.
  public var interface: UInt32
  /// Of the rules that dropped it.
  public var generation: UInt64
  /// Drops on the same CPU since the one that was told before, of which nothing is told.
  public var untold: UInt64

  init(_ record: DropRecord, rule: UInt32?) {
    (time, sourcePort, destinationPort) = (record.time, record.sourcePort, record.destinationPort)
    (transport, length, interface) = (record.transport, record.length, record.interface)
    (generation, untold) = (record.generation, record.untold)
    vlan = record.vlan == 0xffff ? nil : record.vlan
    cause =
      switch record.slot {
      case Slot.none: .defaultAction
      case Slot.malformed: .malformed
      case Slot.unreadable: .unreadable
      default: rule.map { .rule($0) } ?? .formerRule
      }
    let hasAddresses = record.sourceUpper | record.sourceLower | record.destinationUpper | record.destinationLower != 0
    func address(_ upper: UInt64, _ lower: UInt64, isIPv6: Bool) -> Address {
      isIPv6
        ? Address(bits: UInt128(upper) << 64 | UInt128(lower)) : Address(ipv4: UInt32(truncatingIfNeeded: upper >> 32))
    }
    if hasAddresses {
      source = address(record.sourceUpper, record.sourceLower, isIPv6: record.isIPv6 == 1)
      destination = address(
        record.destinationUpper, record.destinationLower, isIPv6: record.etherType == 0x86dd)
    }
  }
}
