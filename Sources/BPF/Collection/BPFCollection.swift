// SPDX-License-Identifier: Apache-2.0

public import BPFObject
import BPFSystem
import Synchronization
import SystemPackage

/// An object file's programs and maps: opened, adjusted, loaded into the kernel, attached.
///
///     let collection = try BPFCollection(path: "counter.bpf.o")
///     try collection.setGlobal("target_pid", to: getpid())
///     try collection.load()
///     try collection.attachAll()
///     let counts = try Map<UInt32, UInt64>(collection.map("counts"))
///
/// Everything that was attached is detached, and everything that was loaded leaves the kernel, when the collection is
/// closed or goes away, but for what is pinned or held elsewhere.
///
/// Safe to share between threads; changes before the load and the load itself take turns.
public final class BPFCollection: Sendable {
  let state: Mutex<State>
  /// The links of what is attached, by the name of the program or struct_ops map. They are detached when the collection
  /// closes; take out those that are to stay.
  public let links = LinkSet()
  /// Held while programs are attached, so that two who attach at once do not both attach the same.
  let attaching = Mutex<Void>(())

  struct State {
    var plan: LoadPlan
    var phase = Phase.open
    var loaded = LoadedObjects()
  }

  enum Phase { case open, loaded, closed }

  /// Takes an object's description.
  public init(_ spec: ObjectSpec, options: LoadOptions = LoadOptions()) {
    state = Mutex(State(plan: LoadPlan(spec: spec, options: options)))
  }

  /// Reads an object from its bytes.
  ///
  /// - Parameters:
  ///   - bytes: the object file.
  ///   - name: the object's name, which starts the names of the maps of its global variables.
  ///   - options: how it will be loaded.
  public convenience init(
    bytes: [UInt8], name: String, options: LoadOptions = LoadOptions()
  ) throws(BPFError) {
    do {
      self.init(try ObjectSpec(bytes: bytes, name: name), options: options)
    } catch {
      throw BPFError(.object, "opening object \(name)", underlying: error)
    }
  }

  /// Reads an object file.
  public convenience init(path: String, options: LoadOptions = LoadOptions()) throws(BPFError) {
    let bytes: [UInt8]
    do {
      bytes = try SystemFile.read(path, ifStartingWith: [ObjectSpec.magic])
    } catch {
      throw BPFError("opening object \(path)", errno: error)
    }
    try self.init(bytes: bytes, name: Self.objectName(path), options: options)
  }

  /// The file's name up to its first dot, as libbpf has it.
  static func objectName(_ path: String) -> String {
    let file = path.split(separator: "/").last ?? ""
    return String(file.split(separator: ".", omittingEmptySubsequences: false).first ?? "")
  }

  /// The object's description, with the changes that were made since.
  public var spec: ObjectSpec { state.withLock { $0.plan.spec } }

  /// How it is loaded.
  public var options: LoadOptions {
    get { state.withLock { $0.plan.options } }
    set { state.withLock { $0.plan.options = newValue } }
  }

  /// Whether the programs and maps are in the kernel.
  public var isLoaded: Bool { state.withLock { $0.phase == .loaded } }

  /// Loads maps and programs into the kernel. When something fails, nothing stays behind.
  ///
  /// - Throws: `BPFError` that names the program, map or extern; of code `.verifier` for a refused program, or
  ///   `.unsupported` where a newer kernel would take it, with a ``VerifierError`` beneath.
  public func load() throws(BPFError) {
    try state.withLock { (state) throws(BPFError) in
      try state.expect(.open, "loading")
      let plan = state.plan
      // The index of a device is resolved, and meant, in its own namespace.
      state.loaded = try NetworkNamespace.run(in: plan.options.device?.interface.namespace) { () throws(BPFError) in
        try LoadSession.load(plan)
      }
      state.phase = .loaded
    }
  }

  /// The programs as they would be handed to the kernel, without loading anything.
  ///
  /// - Parameters:
  ///   - mapDescriptors: what stands for each map's descriptor, in the object's order.
  public func preparedPrograms(mapDescriptors: [CInt]? = nil) throws(BPFError) -> [PreparedProgram] {
    try state.withLock { (state) throws(BPFError) in
      let plan = state.plan
      return try LoadSession.preview(
        plan, descriptors: mapDescriptors ?? plan.spec.maps.indices.map { CInt($0) + 1000 })
    }
  }

  /// Detaches all links and closes programs and maps. Pins stay.
  public func close() {
    state.withLock { state in
      state.loaded = LoadedObjects()
      state.phase = .closed
    }
    links.removeAll()
  }
}

extension BPFCollection.State {
  func expect(_ wanted: BPFCollection.Phase, _ doing: String) throws(BPFError) {
    let name = plan.spec.name
    guard phase != wanted else { return }
    switch phase {
    case .open:
      throw BPFError(.invalid, "\(doing) \(name)", detail: "it has not been loaded", hint: "call load() first")
    case .loaded: throw BPFError(.invalid, "\(doing) \(name)", detail: "it has been loaded already")
    case .closed: throw BPFError(.closed, "\(doing) \(name)")
    }
  }
}

// What was loaded.
extension BPFCollection {
  /// The programs that were loaded, in the object's order.
  public var programs: Programs { Programs(elements: state.withLock { $0.loaded.programs }) }

  /// The maps that were created, in the object's order.
  public var maps: Maps {
    state.withLock { state in
      Maps(
        elements: zip(state.plan.spec.maps, state.loaded.maps).compactMap { spec, map in map.map { (spec, $0) } })
    }
  }

  /// The program with a name.
  ///
  /// - Throws: `BPFError` of code `.notFound`, listing the programs there are.
  public func program(_ name: String) throws(BPFError) -> Program {
    guard let program = programs[name] else {
      throw missing("program", name, programs.map(\.name))
    }
    return program
  }

  /// The map with a name; that of global variables also by its section: ".data".
  ///
  /// - Throws: `BPFError` of code `.notFound`, listing the maps there are.
  public func map(_ name: String) throws(BPFError) -> AnyMap {
    guard let map = maps[name] else { throw missing("map", name, maps.map(\.name)) }
    return map
  }

  /// The memory of a loaded arena map.
  ///
  /// - Requires: Linux 6.9
  public func arena(_ name: String) throws(BPFError) -> ArenaMemory {
    let memory = state.withLock { state in
      state.plan.spec.mapIndex(named: name).flatMap { state.loaded.arenas[$0] }
    }
    guard let memory else { throw missing("arena", name, maps.filter { $0.info.type == .arena }.map(\.name)) }
    return memory
  }

  private func missing(_ kind: String, _ name: String, _ all: [String]) -> BPFError {
    let isOpen = state.withLock { $0.phase == .open }
    return BPFError(
      .notFound, "looking for \(kind) \(name)",
      detail: isOpen ? "nothing is loaded yet" : "there are \(all.isEmpty ? "none" : all.joined(separator: ", "))",
      hint: isOpen ? "call load() first" : nil)
  }

  /// Programs by name and position.
  public struct Programs: RandomAccessCollection, Sendable {
    let elements: [Program]
    public var startIndex: Int { 0 }
    public var endIndex: Int { elements.count }
    public subscript(position: Int) -> Program { elements[position] }
    public subscript(name: String) -> Program? { elements.first { $0.name == name } }
  }

  /// Maps by name and position.
  public struct Maps: RandomAccessCollection, Sendable {
    let elements: [(spec: MapSpec, map: AnyMap)]
    public var startIndex: Int { 0 }
    public var endIndex: Int { elements.count }
    public subscript(position: Int) -> AnyMap { elements[position].map }
    public subscript(name: String) -> AnyMap? {
      (elements.first { $0.spec.name == name }
        ?? elements.first { $0.spec.sectionName == name && $0.spec.section.isData })?
        .map
    }
  }
}
