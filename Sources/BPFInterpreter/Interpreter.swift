// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode
public import BPFObject
public import BTF

/// Runs the programs of an object in user space: no kernel, no privilege, any machine.
///
/// ```swift
/// let firewall = try Interpreter(ObjectSpec(bytes: Objects.firewall))
/// let blocked = try firewall.map("blocked", UInt32.self, UInt8.self)
/// try blocked.set(1, for: address)
/// let run = try firewall.run("filter", packet: bytes)
/// #expect(run.xdpAction == .drop)
/// ```
///
/// Maps live as long as the interpreter and keep their contents from run to run, as the kernel's do between events. Every
/// memory access is checked: what the verifier would have rejected is an ``InterpreterError`` that names the instruction
/// and its source line, never a crash.
///
/// An interpreter is not safe to use from two threads at once.
public final class Interpreter {
  /// What is chosen when an interpreter is made.
  public struct Options: Sendable {
    /// How many CPUs per-CPU maps have values for.
    public var cpuCount: Int = 4
    /// The kernel's types, to relocate against (CO-RE). Without them every field lies where the object's own types say.
    public var kernelTypes: BTFTypes?
    /// Values of externs by name: for `__kconfig` variables their number (`CONFIG_HZ`), for `__ksym` symbols their
    /// address.
    public var externs: [String: UInt64] = [:]
    /// The value of `LINUX_KERNEL_VERSION`.
    public var kernelVersion = KernelVersion(6, 12)
    /// How many bytes maps, packets and placed memory may have together.
    public var memoryLimit: Int = 256 << 20

    public init(cpuCount: Int = 4, kernelTypes: BTFTypes? = nil, externs: [String: UInt64] = [:]) {
      self.cpuCount = cpuCount
      self.kernelTypes = kernelTypes
      self.externs = externs
    }

    /// With one CPU at least.
    var normalized: Options {
      var options = self
      options.cpuCount = max(1, min(cpuCount, 4096))
      return options
    }
  }

  /// What the object states. Its programs are linked when they first run.
  public let object: ObjectSpec?
  public let options: Options
  /// What programs learn of the machine and the current task. May be changed between runs, and by helpers that you add.
  public var environment = Environment()
  /// How many instructions a run may take, those of programs that it tail-calls included.
  public var instructionLimit = 10_000_000

  /// All maps, in the object's order, then those that were added.
  public internal(set) var maps: [InMemoryMap] = []
  /// What programs print with `bpf_printk`.
  public internal(set) var printed: [String] = []

  let space: AddressSpace
  var prepared: [String: PreparedProgram] = [:]
  /// Helpers that the caller added or replaced.
  var helpers: [UInt32: Function] = [:]
  /// By the address of their `struct bpf_timer`.
  var timers: [UInt64: Timer] = [:]
  /// Kernel functions that the caller added or replaced.
  var kernelFunctions: [String: Function] = [:]
  private(set) var execution: Execution!
  /// The region of the context of ``run(_:_:)-(String,_)``, and how many bytes it has.
  var contextRegion = 0
  var contextCapacity = 0
  var packetRegion = 0
  var packetCapacity = 0

  /// A helper or kernel function: what it is given, and what it returns in r0.
  public typealias Function = (inout FunctionCall) throws -> UInt64

  /// Makes an object's maps.
  ///
  /// - Throws: ``InterpreterError`` for a map that cannot be made.
  public init(_ object: ObjectSpec, options: Options = Options()) throws(InterpreterError) {
    guard !object.isBigEndian else {
      throw InterpreterError(.unsupported, "object \(object.name) is for a big-endian machine")
    }
    self.object = object
    self.options = options.normalized
    space = AddressSpace(limit: options.memoryLimit)
    try start()
    for spec in object.maps { try addMap(spec) }
    try fillMapsOfMaps(object)
    try fillConfiguration(object)
  }

  /// Takes one program as it is, called "main": its references to maps are indexes in `maps` (`PseudoSource.mapIndex` and
  /// `.mapIndexValue`).
  ///
  /// - Parameters:
  ///   - instructions: the program.
  ///   - type: the kind of program, which decides what its context is.
  ///   - maps: the maps that the program refers to.
  ///   - options: what the interpreter starts with.
  ///   - validates: whether the program's form is checked first, as the kernel does.
  /// - Throws: ``InterpreterError`` of code `invalidProgram` for a malformed program.
  public init(
    instructions: [Instruction], type: ProgramType = .unspecified, maps: [MapSpec] = [], options: Options = Options(),
    validates: Bool = true
  ) throws(InterpreterError) {
    object = nil
    self.options = options.normalized
    space = AddressSpace(limit: options.memoryLimit)
    try start()
    for spec in maps { try addMap(spec) }
    if validates { try Interpreter.validate(instructions, "main") }
    var operations = Decoder(instructions).decode()
    resolveIndexes(instructions, &operations)
    prepared["main"] = PreparedProgram(
      name: "main", type: type, attachType: nil, instructions: instructions, operations: operations)
  }

  private func start() throws(InterpreterError) {
    guard let execution = Execution(space, owner: self) else {
      throw InterpreterError(.outOfMemory, "Options.memoryLimit leaves no room for the stack")
    }
    self.execution = execution
  }

  /// Adds a map that the object does not have: one to put into a map of maps.
  @discardableResult
  public func addMap(_ spec: MapSpec) throws(InterpreterError) -> InMemoryMap {
    let map = try InMemoryMap(spec, id: maps.count, space: space, cpuCount: options.cpuCount)
    maps.append(map)
    return map
  }

  /// The map with this name; maps of global variables are also found by their section's, as `.bss`.
  ///
  /// - Throws: ``InterpreterError`` of code `notFound`, with the names there are.
  public func map(_ name: String) throws(InterpreterError) -> InMemoryMap {
    let found =
      maps.first { $0.name == name } ?? maps.first { $0.spec.sectionName == name && $0.spec.section.isData }
    guard let found else {
      throw InterpreterError(.notFound, "the object has no map \(name); it has \(list(maps.map(\.name)))")
    }
    return found
  }

  /// The map with this name, with the types of its keys and values.
  public func map<Key: BitwiseCopyable, Value: BitwiseCopyable>(
    _ name: String, _ key: Key.Type, _ value: Value.Type
  ) throws(InterpreterError) -> TypedMap<Key, Value> {
    try TypedMap(try map(name))
  }

  /// Adds a helper, or replaces the interpreter's own.
  ///
  ///     interpreter.setHelper(.ktimeGetNS) { call in 42 }
  public func setHelper(_ helper: Helper, _ function: @escaping Function) { helpers[helper.rawValue] = function }

  /// Adds a helper by its name, with or without `bpf_`, or replaces the interpreter's own.
  ///
  ///     try interpreter.setHelper("bpf_get_socket_uid") { call in 1000 }
  ///
  /// - Throws: ``InterpreterError`` of code `notFound` for a name that no kernel has.
  public func setHelper(_ name: String, _ function: @escaping Function) throws(InterpreterError) {
    guard let helper = Helper(named: name) else { throw InterpreterError(.notFound, "no kernel has a helper \(name)") }
    setHelper(helper, function)
  }

  /// Adds a kernel function (kfunc), or replaces the interpreter's own.
  public func setKernelFunction(_ name: String, _ function: @escaping Function) { kernelFunctions[name] = function }

  /// Forgets what programs printed.
  public func clearPrinted() { printed = [] }

  func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
}
