// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import Glibc
import MeropsPolicy

/// What stays in the kernel from set to set: entry programs with their slots, the generation, what keeps track of processes,
/// the ring.
struct KernelParts: Sendable {
  var processes: AnyMap
  var unknownProcesses: GlobalVariable<UInt64>
  var slots: [PolicyHook: DescriptorMap<UInt32>]
  var generation: GlobalVariable<UInt32>
  var ring: AnyMap
  /// The cgroup that policies are about.
  var scope: PolicyCompiler.Cgroup
  /// By name: each is where a pin is.
  private var maps: [(name: String, map: AnyMap)]
  private var loaded: (entries: Entries, processes: Processes)?
  /// What holds the programs in their places; empty where pins do.
  let links = LinkSet()

  private static let ringBytes = 1 << 20

  /// Loads them. Nothing is attached but what keeps track of processes.
  init(cgroup scope: PolicyCompiler.Cgroup) throws {
    let opened = try Processes.open()
    // Memory for the processes that there are, and not for all that there may be.
    try opened.collection.change(map: "processes") { $0.flags.insert(.noPreallocation) }
    let processes = try opened.load()
    let scoped = try Entries.open()
    scoped.globals.scope = scope.id
    scoped.globals.scopeLevel = UInt32(clamping: scope.level)
    let entries = try scoped.load()
    let ring = try AnyMap(
      creating: MapParameters(.ringBuffer, name: "verdicts", keySize: 0, valueSize: 0, maxEntries: Self.ringBytes))
    var maps: [(name: String, map: AnyMap)] = [
      ("processes", try processes.collection.map("processes")),
      ("processes_state", try processes.collection.map(".bss")), ("state", try entries.collection.map(".bss")),
      ("scope", try entries.collection.map(".rodata")), ("verdicts", ring),
    ]
    for hook in PolicyHook.allCases {
      maps.append((hook.entry, try entries.collection.map(hook.entry + "Slots")))
    }
    try self.init(maps: maps)
    loaded = (entries, processes)
    for program in [processes.onFork, processes.onExec] { links.keep(try program.attach(), as: program.name) }
    links.keep(try processes.onExit.attach(), as: processes.onExit.name)
    // First what changes processes, then those that there are.
    _ = try processes.onTask.attach().output()
  }

  private init(maps: [(name: String, map: AnyMap)]) throws {
    self.maps = maps
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
    slots = [:]
    for hook in PolicyHook.allCases { slots[hook] = try DescriptorMap(map(hook.entry)) }
  }

  /// Attaches the entry programs: from then on an empty slot denies.
  func attach(to cgroup: String) throws {
    guard let entries = loaded?.entries else { return }
    for hook in PolicyHook.allCases {
      let program = try entries.collection.program(hook.entry)
      // Behind what keeps track of processes: programs of a tracepoint run in the order in which they were attached.
      let link = hook.isOfCgroup ? try program.attach(to: .cgroup(path: cgroup)) : try program.attach()
      links.keep(link, as: hook.entry)
    }
  }
}

// Pins: what lets policies stay in force when a process ends.
extension KernelParts {
  /// Another number for other parts. An agent of another version puts its own parts beside the old ones, and then removes
  /// those.
  private static let version = 1

  static func arePinned(in pins: String) -> Bool {
    var facts = stat()
    return stat(folder(pins), &facts) == 0
  }

  private static func folder(_ pins: String) -> String { "\(pins)/v\(version)" }

  /// Takes over what is pinned; nil where nothing is.
  init?(pinned pins: String) throws {
    let folder = Self.folder(pins)
    guard Self.arePinned(in: pins) else { return nil }
    var maps: [(name: String, map: AnyMap)] = []
    let hooks = PolicyHook.allCases.map(\.entry)
    for name in ["processes", "processes_state", "state", "scope", "verdicts"] + hooks {
      maps.append((name, try AnyMap(pinned: "\(folder)/\(name)")))
    }
    try self.init(maps: maps)
  }

  /// Pins everything, all or nothing, and lets the pins alone hold the links: who removes them ends enforcement at once.
  func pin(in pins: String) throws {
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
    // Of a version that was there before.
    for name in PolicyPins.names(in: pins) where "\(pins)/\(name)" != folder { PolicyPins.remove("\(pins)/\(name)") }
  }
}
