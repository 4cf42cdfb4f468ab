// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import Glibc
import MeropsPolicy

/// What stays in the kernel from set to set: the generation, what keeps track of processes, the ring; and the hooks.
struct KernelParts: Sendable {
  var processes: AnyMap
  var unknownProcesses: GlobalVariable<UInt64>
  var generation: GlobalVariable<UInt32>
  var ring: AnyMap
  /// The cgroup that policies are about.
  var scope: PolicyCompiler.Cgroup
  /// Those that a set had rules about; others cost nothing.
  var hooks: [PolicyHook: HookParts] = [:]
  /// The paths of acts, once a hook needs them.
  var acts: AnyMap?
  /// By name: each is where a pin is.
  private var maps: [(name: String, map: AnyMap)]
  private var cgroup: String
  /// Where the parts are pinned, if they are.
  private var pins: String?
  /// What holds the programs in their places; empty where pins do.
  let links = LinkSet()

  /// A hook whose entry program is loaded.
  struct HookParts: Sendable {
    var method: HookMethod
    var slots: AnyMap
    var programs: DescriptorMap<UInt32>
    var entry: Program?
  }

  private static let ringBytes = 1 << 20
  private static let names = ["processes", "processes_state", "state", "scope", "verdicts"]

  /// Loads them. Nothing is attached but what keeps track of processes.
  ///
  /// - Parameter cgroup: the directory of the scope.
  init(cgroup: String, _ scope: PolicyCompiler.Cgroup) throws {
    let opened = try Processes.open()
    // Memory for the processes that there are, and not for all that there may be.
    try opened.collection.change(map: "processes") { $0.flags.insert(.noPreallocation) }
    let processes = try opened.load()
    let scoped = try Entries.open()
    try scoped.collection.select(programs: [])
    scoped.globals.scope = scope.id
    scoped.globals.scopeLevel = UInt32(clamping: scope.level)
    let entries = try scoped.load()
    let ring = try AnyMap(
      creating: MapParameters(.ringBuffer, name: "verdicts", keySize: 0, valueSize: 0, maxEntries: Self.ringBytes))
    try self.init(
      maps: [
        ("processes", try processes.collection.map("processes")),
        ("processes_state", try processes.collection.map(".bss")), ("state", try entries.collection.map(".bss")),
        ("scope", try entries.collection.map(".rodata")), ("verdicts", ring),
      ], cgroup: cgroup)
    for program in [processes.onFork, processes.onExec] { links.keep(try program.attach(), as: program.name) }
    links.keep(try processes.onExit.attach(), as: processes.onExit.name)
    // First what changes processes, then those that there are.
    _ = try processes.onTask.attach().output()
  }

  private init(maps: [(name: String, map: AnyMap)], cgroup: String) throws {
    (self.maps, self.cgroup) = (maps, cgroup)
    func map(_ name: String) throws -> AnyMap {
      guard let found = maps.first(where: { $0.name == name }) else {
        throw EnforcementError("There is no map \(name).")
      }
      return found.map
    }
    processes = try map("processes")
    unknownProcesses = try GlobalVariable(map("processes_state"), named: "unknownProcesses")
    generation = try GlobalVariable(map("state"), named: "generation")
    ring = try map("verdicts")
    let (id, level): (GlobalVariable<UInt64>, GlobalVariable<UInt32>) = (
      try GlobalVariable(map("scope"), named: "scope"), try GlobalVariable(map("scope"), named: "scopeLevel")
    )
    scope = PolicyCompiler.Cgroup(id: id.get(), level: Int(level.get()))
  }

  private func map(_ name: String) throws -> AnyMap {
    guard let found = maps.first(where: { $0.name == name }) else {
      throw EnforcementError("There is no map \(name).")
    }
    return found.map
  }
}

extension KernelParts {
  /// Rules of hooks of security modules leave the agent out: they could keep it from opening its files, and from loading the
  /// programs of the next set.
  func exemptThisProcess() throws {
    let state = try map("state")
    let (agent, start): (GlobalVariable<UInt32>, GlobalVariable<UInt64>) = (
      try GlobalVariable(state, named: "agent"), try GlobalVariable(state, named: "agentStart")
    )
    try agent.set(0)
    try start.set(Self.startOfThisProcess())
    try agent.set(UInt32(getpid()))
  }

  /// In hundredths of a second since boot, as proc(5) says.
  private static func startOfThisProcess() throws -> UInt64 {
    guard let file = fopen("/proc/self/stat", "re") else { throw EnforcementError("/proc is not mounted.") }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var room = 0
    defer { free(line) }
    guard getline(&line, &room, file) > 0, let text = line.map({ String(cString: $0) }),
      let end = text.lastIndex(of: ")"),
      let start = text[text.index(after: end)...].split(separator: " ").dropFirst(19).first.flatMap({ UInt64($0) })
    else { throw EnforcementError("/proc/self/stat does not say when this process began.") }
    return start
  }
}

// Hooks, which are loaded when a set first has rules about them.
extension KernelParts {
  /// Loads the entry program of a hook, with empty slots.
  mutating func load(_ hook: PolicyHook, _ method: HookMethod) throws -> HookParts {
    let opened = try Entries.open()
    let name = hook.security == nil ? hook.entry : "security"
    try opened.collection.select(programs: [name])
    try opened.collection.replaceMap(".bss", with: map("state"))
    try opened.collection.replaceMap(".rodata", with: map("scope"))
    try opened.collection.retarget(name, to: hook, method)
    let entries = try opened.load()
    let slots = try entries.collection.map("slots")
    let result = HookParts(
      method: method, slots: slots, programs: try DescriptorMap(slots), entry: try entries.collection.program(name))
    if hook.security?.paths.isEmpty == false {
      for bank in 0..<2 as Range<UInt32> {
        let writer = try pathWriter(of: hook, method, slots, bank: bank)
        try result.programs.set(writer, for: PolicySlots.paths + bank)
      }
    }
    return result
  }

  /// Loads what writes the paths of a hook's acts.
  private mutating func pathWriter(
    of hook: PolicyHook, _ method: HookMethod, _ slots: AnyMap, bank: UInt32
  ) throws -> Program {
    let opened = try Paths.open()
    try opened.collection.select(programs: [hook.entry])
    opened.globals.bank = bank
    try opened.collection.replaceMap("slots", with: slots)
    if let acts { try opened.collection.replaceMap("acts", with: acts) }
    try opened.collection.retarget(hook.entry, to: hook, method)
    let paths = try opened.load()
    if acts == nil {
      let created = try paths.collection.map("acts")
      acts = created
      if let pins { try created.pin(at: "\(Self.folder(pins))/acts") }
    }
    return try paths.collection.program(hook.entry)
  }

  /// Attaches the entry programs of hooks: from then on an empty slot denies. Where one cannot be attached, none is.
  mutating func attach(_ new: [PolicyHook: HookParts]) throws {
    let links = LinkSet()
    for (hook, parts) in new.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      guard let entry = parts.entry else { continue }
      // Behind what keeps track of processes: programs of a tracepoint run in the order in which they were attached.
      let place: Hook = parts.method == .cgroup ? .cgroup(path: cgroup) : .typed()
      let link = try entry.attach(to: place)
      links.keep(link, as: Self.linkName(hook, parts.method))
    }
    if let pins {
      let folder = Self.folder(pins)
      let names = new.keys.map { "\(folder)/\($0.entry)" } + links.names.map { "\(folder)/\($0)" }
      do {
        for (hook, parts) in new { try parts.slots.pin(at: "\(folder)/\(hook.entry)") }
        try links.forEach { name, link in try link.pin(at: "\(folder)/\(name)") }
      } catch {
        for name in names { PolicyPins.remove(name) }
        throw error
      }
    } else {
      for name in links.names {
        if let link = links.take(name) { self.links.keep(link, as: name) }
      }
    }
    hooks.merge(new) { _, new in new }
  }

  private static func linkName(_ hook: PolicyHook, _ method: HookMethod) -> String {
    "link_\(hook.entry)_\(method.rawValue)"
  }
}

// Pins: what lets policies stay in force when a process ends.
extension KernelParts {
  /// Another number for other parts. An agent of another version puts its own parts beside the old ones, and then removes
  /// those.
  private static let version = 2

  static func arePinned(in pins: String) -> Bool {
    var facts = stat()
    return stat(folder(pins), &facts) == 0
  }

  private static func folder(_ pins: String) -> String { "\(pins)/v\(version)" }

  /// What is made from now on is not pinned.
  mutating func forgetPins() { pins = nil }

  /// Takes over what is pinned; nil where nothing is.
  init?(pinned pins: String, cgroup: String) throws {
    let folder = Self.folder(pins)
    guard Self.arePinned(in: pins) else { return nil }
    try self.init(maps: Self.names.map { ($0, try AnyMap(pinned: "\(folder)/\($0)")) }, cgroup: cgroup)
    self.pins = pins
    let names = Set(PolicyPins.names(in: pins + "/v\(Self.version)"))
    if names.contains("acts") { acts = try AnyMap(pinned: "\(folder)/acts") }
    for hook in PolicyHook.allCases {
      // A hook whose link has no name was not attached: who began it was ended.
      guard let method = HookMethod.allCases.first(where: { names.contains(Self.linkName(hook, $0)) }) else {
        if names.contains(hook.entry) { PolicyPins.remove("\(folder)/\(hook.entry)") }
        continue
      }
      let slots = try AnyMap(pinned: "\(folder)/\(hook.entry)")
      hooks[hook] = HookParts(method: method, slots: slots, programs: try DescriptorMap(slots), entry: nil)
    }
  }

  /// Pins everything, all or nothing, and lets the pins alone hold the links: who removes them ends enforcement at once.
  mutating func pin(in pins: String) throws {
    let (folder, new) = (Self.folder(pins), "\(pins)/new")
    PolicyPins.remove(new)
    do {
      // The last two directories are made: a bpffs is mounted above them.
      mkdir(String(pins[..<(pins.lastIndex(of: "/") ?? pins.endIndex)]), 0o700)
      guard mkdir(pins, 0o700) == 0 || errno == EEXIST, mkdir(new, 0o700) == 0 else {
        throw EnforcementError(
          "The directory \(new) cannot be created (\(String(cString: strerror(errno)))): is a bpffs mounted there? "
            + "mount -t bpf bpf /sys/fs/bpf")
      }
      for (name, map) in maps { try map.pin(at: "\(new)/\(name)") }
      try links.forEach { name, link in try link.pin(at: "\(new)/link_\(name)") }
      guard rename(new, folder) == 0 else {
        throw EnforcementError("The pins cannot be put into \(folder): \(String(cString: strerror(errno))).")
      }
    } catch {
      PolicyPins.remove(new)
      throw error
    }
    links.removeAll()
    self.pins = pins
    // Of a version that was there before.
    for name in PolicyPins.names(in: pins) where "\(pins)/\(name)" != folder { PolicyPins.remove("\(pins)/\(name)") }
  }
}

extension BPFCollection {
  /// Lets a program that was written for one hook of security modules be loaded for another.
  fileprivate func retarget(_ program: String, to hook: PolicyHook, _ method: HookMethod) throws {
    guard let security = hook.security else { return }
    try change(program: program) { spec in
      if method == .lsm {
        (spec.type, spec.attachType, spec.attachTarget) = (.lsm, .lsmMAC, security.name)
      } else {
        (spec.type, spec.attachType, spec.attachTarget) = (.tracing, .modifyReturn, security.function)
      }
    }
  }
}
