// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import BTF
import SystemPackage

/// What a load made.
struct LoadedObjects: Sendable {
  /// By the index in the object; nil for what was not created.
  var maps: [AnyMap?] = []
  /// In the object's order; those that were not to be loaded are absent.
  var programs: [Program] = []
  /// The memory of arenas, by the map's index.
  var arenas: [Int: ArenaMemory] = [:]
  /// The values with which struct_ops maps are registered, by the map's index.
  var structOps: [Int: [UInt8]] = [:]
  /// Pins that were made for maps that asked for it.
  var pins: [String] = []
  /// The verifier's logs, where a level was asked for, by program.
  var logs: [String: VerifierLog] = [:]
}

/// Turns an object's description into kernel objects. One loader loads once.
struct Loader {
  var spec: ObjectSpec
  var settings: LoadOptions
  var replacements: [String: AnyMap] = [:]
  var targets: [String: AttachTarget] = [:]

  init(_ spec: ObjectSpec, _ settings: LoadOptions) {
    self.spec = spec
    self.settings = settings
  }

  /// Loads types, maps and programs; if anything fails, nothing is left behind.
  mutating func load() throws(BPFError) -> LoadedObjects {
    guard !spec.isBigEndian else {
      throw BPFError(.object, "loading \(spec.name)", detail: "it is for a big-endian machine")
    }
    // As libbpf does: before 5.11 maps and programs count as locked memory, of which little is allowed. Who may not lift
    // the limit may still be below it.
    try? Memlock.raise()
    let externs = try Externs(spec, settings) { () throws(BPFError) in try KernelTypes.current() }
    let layouts = try layOutStructOps()
    let contexts = try contextArguments()
    let types = try loadTypes(contexts?.types ?? spec.types)
    var creation = MapCreation(
      spec: spec, settings: settings, types: types?.fd, replacements: replacements, options: externs.options,
      structOps: layouts)
    try creation.make()
    do {
      return try loadPrograms(externs, layouts, contexts, types?.fd, creation)
    } catch {
      creation.undo()
      throw error
    }
  }

  private mutating func loadPrograms(
    _ externs: Externs, _ layouts: [Int: StructOpsLayout], _ contexts: ContextArguments?, _ types: CInt?,
    _ creation: MapCreation
  ) throws(BPFError) -> LoadedObjects {
    var loaded = LoadedObjects(maps: creation.maps, pins: creation.pins)
    loaded.arenas = creation.arenas
    var preparation = try preparation(externs, layouts, descriptors: creation.maps.map { $0?.fd })
    for program in spec.programs where program.autoload {
      // Programs keep their jump tables.
      var tables: [AnyMap] = []
      var prepared = try preparation.prepare(program) { slots throws(BPFError) in
        let table = try JumpTables.make(slots)
        tables.append(table)
        return table.fd
      }
      try preparation.aim(&prepared, program)
      if let contexts {
        prepared.functions = prepared.functions.map { ($0.instruction, contexts.function($0.type, in: program.type)) }
      }
      loaded.programs.append(
        try withExtendedLifetime(tables) { () throws(BPFError) in
          try load(prepared, program, externs, types)
        })
    }
    try bindConstants(loaded)
    try fillProgramArrays(loaded)
    for (index, layout) in layouts { loaded.structOps[index] = try value(of: layout, loaded) }
    return loaded
  }

  /// The programs as they would be handed to the kernel, with given descriptors for the maps.
  mutating func prepare(descriptors: [CInt]) throws(BPFError) -> [PreparedProgram] {
    let externs = try Externs(spec, settings) { () throws(BPFError) in try KernelTypes.current() }
    let layouts = try layOutStructOps()
    let numbers = spec.maps.indices.map { index in
      spec.maps[index].autocreate && descriptors.indices.contains(index) ? descriptors[index] : nil
    }
    var preparation = try preparation(externs, layouts, descriptors: numbers)
    var result: [PreparedProgram] = []
    for program in spec.programs where program.autoload {
      var prepared = try preparation.prepare(program) { _ throws(BPFError) in 0 }
      // The code is the same where this kernel lacks the target; that shows when the program is loaded.
      try? preparation.aim(&prepared, program)
      result.append(prepared)
    }
    return result
  }

  private func preparation(
    _ externs: Externs, _ layouts: [Int: StructOpsLayout], descriptors: [CInt?]
  ) throws(BPFError) -> ProgramPreparation {
    return try ProgramPreparation(
      spec: spec, settings: settings, externs: externs, descriptors: descriptors, operations: operations(layouts),
      targets: targets, arenaOffset: spec.maps.first { $0.type == .arena }.map(ArenaMemory.globalsOffset) ?? 0,
      kernel: { () throws(BPFError) in try KernelTypes.current() })
  }
}

// Types.
extension Loader {
  /// Loads the object's types. Without them maps and programs still load, but for what needs them.
  private func loadTypes(_ types: BTFTypes?) throws(BPFError) -> LoadedTypes? {
    guard let types else { return nil }
    return try TypesLoader.load(types, token: settings.token, isNeeded: needsTypes)
  }

  /// What parameters with the tag `__arg_ctx` become on kernels that do not know it.
  private func contextArguments() throws(BPFError) -> ContextArguments? {
    guard let types = spec.types, !KernelSupport.hasContextArguments else { return nil }
    do {
      return try ContextArguments(types, in: Set(spec.programs.filter(\.autoload).map(\.type)))
    } catch {
      throw BPFError(.types, "rewriting parameters that stand for the context", underlying: error)
    }
  }

  /// Whether the object cannot do without types in the kernel.
  private var needsTypes: Bool {
    spec.maps.contains { $0.section == .structOps }
  }
}

// Programs.
extension Loader {
  private func load(
    _ prepared: PreparedProgram, _ program: ProgramSpec, _ externs: Externs, _ types: CInt?
  ) throws(BPFError) -> Program {
    var load = ProgramLoad(type: prepared.type.rawValue, name: prepared.name, license: spec.license)
    load.expectedAttachType = prepared.attachType?.rawValue ?? 0
    load.kernelVersion = KernelRelease.current.code
    load.flags = prepared.flags.rawValue
    load.attachTypeID = prepared.attachTypeID.rawValue
    load.attachFD = prepared.attachProgram?.fd ?? prepared.attachModule?.fd
    load.descriptors = externs.descriptors
    load.tokenFD = settings.token?.fd
    try bind(&load, prepared.type)
    if let types, KernelSupport.hasFunctionRecords {
      load.btfFD = types
      load.functionRecords = prepared.functionRecords
      load.lineRecords = prepared.lineRecords
    }
    let loader = ProgramLoader(
      load: load, type: prepared.type, attachType: prepared.attachType, instructions: prepared.instructions,
      logLevel: settings.logLevel, name: prepared.name, spec: program)
    return try loader(
      locate: { prepared.source(of: $0, spec.types) },
      explain: { index, meaning in explain(index, meaning, prepared, externs) })
  }

  /// Says which device a program is for.
  private func bind(_ load: inout ProgramLoad, _ type: ProgramType) throws(BPFError) {
    switch settings.device {
    case .metadata(let interface) where type == .xdp:
      load.interfaceIndex = try interface.resolved()
      load.flags |= ProgramFlags.xdpDeviceBound.rawValue
    case .offload(let interface) where type == .xdp || type == .schedCLS:
      load.interfaceIndex = try interface.resolved()
    default: break
    }
  }

  /// What a poisoned call stood for.
  private func explain(
    _ instruction: Int, _ meaning: Poison.Meaning, _ prepared: PreparedProgram, _ externs: Externs
  ) -> String? {
    switch meaning {
    case .core:
      return prepared.relocations.poisoned(at: instruction).map { "CO-RE relocation of \($0)" }
    case .map(let index):
      guard spec.maps.indices.contains(index) else { return nil }
      return "map \(spec.maps[index].name) is referred to, but was not created"
    case .kernelFunction(let index):
      guard spec.externs.indices.contains(index) else { return nil }
      return "kernel function \(spec.externs[index].name) is called, but this kernel does not have it"
    }
  }

  /// Ties constants to each program: a program whose code lost its last reference to .rodata still keeps it alive for
  /// those who look the program's strings up.
  private func bindConstants(_ loaded: LoadedObjects) throws(BPFError) {
    guard KernelSupport.canBindMaps else { return }
    for (map, made) in zip(spec.maps, loaded.maps) where map.section == .rodata {
      guard let made else { continue }
      // As in libbpf: a program that cannot be bound works all the same.
      for program in loaded.programs { try? BPFCall.bindMap(program: program.fd, map: made.fd) }
    }
  }

  /// Fills program arrays with the programs that their definition names.
  private func fillProgramArrays(_ loaded: LoadedObjects) throws(BPFError) {
    for (index, map) in spec.maps.enumerated() {
      guard case .slots(let slots) = map.contents, let array = loaded.maps[index], replacements[map.name] == nil else {
        continue
      }
      for (slot, target) in slots.sorted(by: { $0.key < $1.key }) {
        guard case .program(let name) = target else { continue }
        guard let program = loaded.programs.first(where: { $0.name == name }) else {
          throw BPFError(
            .object, "filling element \(slot) of map \(map.name)", detail: "program \(name) is not loaded")
        }
        try MapCreation.put(program.fd, in: array, at: slot)
      }
    }
  }
}

// struct_ops.
extension Loader {
  /// Converts the values of struct_ops maps to the kernel's layout, and settles which of their programs are loaded.
  private mutating func layOutStructOps() throws(BPFError) -> [Int: StructOpsLayout] {
    var layouts: [Int: StructOpsLayout] = [:]
    var used: Set<String> = []
    var named: Set<String> = []
    for (index, map) in spec.maps.enumerated() where map.section == .structOps {
      named.formUnion(map.operations.map(\.program))
      guard map.autocreate, let types = spec.types, let type = map.valueType, case .bytes(let bytes) = map.contents
      else {
        continue
      }
      let programs = Dictionary(map.operations.map { ($0.offset, $0.program) }, uniquingKeysWith: { first, _ in first })
      let layout = try StructOpsLayout(
        name: map.name, local: types, type: type, bytes: bytes, programs: programs, kernel: try KernelTypes.current())
      used.formUnion(layout.slots.map(\.program))
      layouts[index] = layout
    }
    for index in spec.programs.indices where named.contains(spec.programs[index].name) {
      spec.programs[index].autoload = used.contains(spec.programs[index].name)
    }
    return layouts
  }

  /// What each struct_ops program implements. Several maps may share one, if they use it for the same member.
  private func operations(_ layouts: [Int: StructOpsLayout]) throws(BPFError) -> [String: StructOpsMember] {
    var operations: [String: StructOpsMember] = [:]
    for (_, layout) in layouts.sorted(by: { $0.key < $1.key }) {
      for slot in layout.slots {
        let member = StructOpsMember(type: layout.kernelType, index: slot.member)
        if let other = operations[slot.program], other.index != member.index || other.type.id != member.type.id {
          throw BPFError(
            .object, "preparing program \(slot.program)", detail: "it stands for two different members",
            hint: "the kernel verifies a program for one member of one struct: write it twice")
        }
        operations[slot.program] = member
      }
    }
    return operations
  }

  /// A struct_ops value with the programs' descriptors in place.
  private func value(of layout: StructOpsLayout, _ loaded: LoadedObjects) throws(BPFError) -> [UInt8] {
    var value = layout.value
    for slot in layout.slots {
      guard let program = loaded.programs.first(where: { $0.name == slot.program }) else {
        throw BPFError(.object, "preparing a struct_ops map", detail: "program \(slot.program) is not loaded")
      }
      let bytes = withUnsafeBytes(of: UInt64(program.fd).littleEndian) { Array($0) }
      value.replaceSubrange(slot.offset..<slot.offset + 8, with: bytes)
    }
    return value
  }
}
