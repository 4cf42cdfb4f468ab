// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import BTF
import SystemPackage

/// What a collection is to load: an object's description and what the caller changed.
struct LoadPlan: Sendable {
  var spec: ObjectSpec
  var options: LoadOptions
  /// Maps that the caller gives in place of the object's, by name.
  var replacements: [String: AnyMap] = [:]
  /// What programs attach to other than their section says, by name.
  var targets: [String: Target] = [:]

  /// A function of the kernel or of another program.
  struct Target: Sendable {
    var program: Program?
    var function: String?
  }
}

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
  /// What was left out.
  var omissions: [BPFCollection.Omission] = []
  /// The pins that were made for maps.
  var pins = MapPins()
}

/// Pins of maps that ask for it, as a load makes them where there are none.
struct MapPins {
  var paths: [String] = []
  /// The directories that were made for them, outermost first.
  var directories: [String] = []

  func remove() {
    for path in paths.reversed() { try? Pinning.remove(path) }
    for directory in directories.reversed() { Pinning.removeDirectory(directory) }
  }
}

/// One load of one object: what is looked up, made and handed to the kernel on the way.
///
/// The steps are libbpf's. Externs and struct_ops values are settled against the running kernel; the object's types go to
/// the kernel; maps are made; each program is prepared and goes to the verifier. If anything fails, the session removes the
/// pins that it made, and all else goes with the session.
struct LoadSession {
  let plan: LoadPlan
  let spec: ObjectSpec
  let externs: Externs
  /// The values of struct_ops maps in the kernel's layout, by the map's index.
  let structOps: [Int: StructOpsLayout]
  /// What each struct_ops program implements, by the program's name.
  let operations: [String: StructOpsMember]
  /// What parameters with the tag `__arg_ctx` become on kernels before 6.8, which do not know the tag.
  let contexts: ContextArguments?
  /// Where global variables start within an arena's memory.
  let arenaOffset: Int
  /// Whether programs are only looked at: nothing is created, and a target that this kernel does not have is not an error.
  let isPreview: Bool

  /// The object's types in the kernel; nil where there are none.
  var types: LoadedTypes?
  /// By the index in the object: the descriptor that stands for the map in code, nil for a map that is not created.
  var descriptors: [CInt?] = []
  var loaded = LoadedObjects()
  /// Made when the first program has something to relocate.
  var linker: CORELinker?

  private init(_ plan: LoadPlan, isPreview: Bool) throws(BPFError) {
    var spec = plan.spec
    externs = try Externs(spec, plan.options)
    structOps = try Self.layOut(&spec)
    operations = try Self.operations(structOps)
    contexts = try Self.contextArguments(spec)
    arenaOffset = spec.maps.first { $0.type == .arena }.map(ArenaMemory.globalsOffset) ?? 0
    self.plan = plan
    self.spec = spec
    self.isPreview = isPreview
  }

  /// Loads types, maps and programs; if anything fails, nothing is left behind.
  static func load(_ plan: LoadPlan) throws(BPFError) -> LoadedObjects {
    guard !plan.spec.isBigEndian else {
      throw BPFError(.object, "loading \(plan.spec.name)", detail: "the object is for a big-endian machine")
    }
    // As libbpf does: before 5.11 maps and programs count as locked memory, of which little is allowed. Who may not lift
    // the limit may still be below it.
    try? Memlock.raise()
    var session = try LoadSession(plan, isPreview: false)
    try session.loadTypes()
    do throws(BPFError) {
      try session.makeMaps()
      try session.loadPrograms()
    } catch {
      session.loaded.pins.remove()
      throw error
    }
    return session.loaded
  }

  /// The programs as they would be handed to the kernel, with given descriptors for the maps.
  static func preview(_ plan: LoadPlan, descriptors: [CInt]) throws(BPFError) -> [PreparedProgram] {
    var session = try LoadSession(plan, isPreview: true)
    session.descriptors = session.spec.maps.indices.map { index in
      session.spec.maps[index].autocreate && descriptors.indices.contains(index) ? descriptors[index] : nil
    }
    var result: [PreparedProgram] = []
    for program in session.spec.programs where program.autoload { result.append(try session.prepare(program)) }
    return result
  }

  /// Hands the object's types over. Without them maps and programs still load, but for what needs them.
  private mutating func loadTypes() throws(BPFError) {
    guard let local = contexts?.types ?? spec.types else { return }
    switch try LoadedTypes.load(local, token: plan.options.token) {
    case .success(let types): self.types = types
    case .failure(let refusal):
      guard !spec.maps.contains(where: { $0.section == .structOps }) else { throw refusal }
      loaded.omissions.append(
        BPFCollection.Omission(
          .types, of: "object \(spec.name)", because: "the kernel refused it (\(refusal.detail ?? "\(refusal.code)"))"))
    }
  }

  private mutating func loadPrograms() throws(BPFError) {
    for program in spec.programs where program.autoload {
      let prepared = try prepare(program)
      loaded.omissions += prepared.omissions
      let level = plan.options.logLevel
      loaded.programs.append(
        try Self.announcing(program.name, to: plan.options.verificationTakesLong) { () throws(BPFError) in
          try prepared.load(logLevel: level)
        })
    }
    bindConstants()
    try fillProgramArrays()
    for (index, layout) in structOps {
      loaded.structOps[index] = try value(of: layout)
      loaded.omissions += layout.dropped.map { program in
        BPFCollection.Omission(
          .program, of: "program \(program)", because: "this kernel's struct does not have the member")
      }
    }
  }

  /// Runs a body, and calls the listener if the body takes longer than a time.
  static func announcing<Result>(
    _ program: String, to listener: (@Sendable (String) -> Void)?, after time: Duration = .seconds(10),
    _ body: () throws(BPFError) -> Result
  ) throws(BPFError) -> Result {
    guard let listener else { return try body() }
    let alarm = try? Alarm(after: time.clampedNanoseconds) { listener(program) }
    defer { alarm?.cancel() }
    return try body()
  }

  /// Ties constants to each program: a program whose code lost its last reference to .rodata still keeps it alive for
  /// those who look the program's strings up.
  private func bindConstants() {
    for (map, made) in zip(spec.maps, loaded.maps) where map.section == .rodata {
      guard let made else { continue }
      // As in libbpf: a program that cannot be bound works all the same.
      for program in loaded.programs { try? BPFCall.bindMap(program: program.fd, map: made.fd) }
    }
  }

  /// Fills program arrays with the programs that their definition names.
  private func fillProgramArrays() throws(BPFError) {
    for (index, map) in spec.maps.enumerated() {
      guard case .slots(let slots) = map.contents, let array = loaded.maps[index], plan.replacements[map.name] == nil
      else { continue }
      for (slot, target) in slots.sorted(by: { $0.key < $1.key }) {
        guard case .program(let name) = target else { continue }
        guard let program = loaded.programs.first(where: { $0.name == name }) else {
          throw BPFError(
            .object, "filling entry \(slot) of map \(map.name)", detail: "program \(name) is not loaded")
        }
        try Self.put(program.fd, in: array, at: slot)
      }
    }
  }

  private static func contextArguments(_ spec: ObjectSpec) throws(BPFError) -> ContextArguments? {
    guard let types = spec.types, !KernelSupport.hasContextArguments else { return nil }
    do {
      return try ContextArguments(types, in: Set(spec.programs.filter(\.autoload).map(\.type)))
    } catch {
      throw BPFError(.types, "rewriting parameters that stand for the context", underlying: error)
    }
  }
}
