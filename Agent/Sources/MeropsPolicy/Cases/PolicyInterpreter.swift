// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFInterpreter
import BPFObject
import MeropsModel

/// Runs in user space the instructions that the kernel would run. It needs no kernel and no root.
public final class PolicyInterpreter {
  /// What became of an act.
  public struct Decision: Hashable, Sendable {
    /// `allow`, `deny` or `kill`.
    public var action: Action
    /// The rule that decided; nil where none did.
    public var rule: String?
    /// Whether the rule counted because the kernel could not know the answer.
    public var isUncertain = false
    /// The rules that only told.
    public var told: [String] = []
  }

  /// What could not be run: a fault of the compiler or of the interpreter.
  public struct Failure: Error, CustomStringConvertible, Sendable {
    public let description: String
  }

  let rules: [Rule]
  /// Rules that events are asked about instead.
  let observed: [ObservedRule]
  private let programs: [PolicyHook: Runs]
  private let cgroup: @Sendable (String) -> PolicyCompiler.Cgroup

  /// A hook's program, and what finds out whether it is asked.
  private final class Runs {
    let program: CompiledProgram
    let main: Interpreter
    let filter: Interpreter?
    /// What was placed in the memory of an interpreter, by the numbers that it leads to.
    var placed: [ObjectIdentifier: [[UInt64?]: UInt64]] = [:]

    init(_ program: CompiledProgram, _ main: Interpreter, filter: Interpreter?) {
      (self.program, self.main, self.filter) = (program, main, filter)
    }
  }

  /// - Parameter cgroup: finds a cgroup by its path below the root. Usually each path has one.
  /// - Throws: ``PolicyProblem`` for a set that cannot be compiled.
  public init(
    _ set: PolicySet,
    cgroup: @escaping @Sendable (String) -> PolicyCompiler.Cgroup = PolicyInterpreter.cgroup(of:)
  ) throws {
    self.cgroup = cgroup
    let compiled = try PolicyCompiler(layout: Self.layout, cgroup: cgroup).compile(set, generation: 1)
    (rules, observed) = (compiled.rules, compiled.observed)
    let ruleCount = set.rules.count
    programs = try compiled.hooks.reduce(into: [:]) { programs, each in
      let (hook, program) = each
      func interpreter(_ instructions: [Instruction]) throws -> Interpreter {
        let specs = program.maps.enumerated().map { index, map in Self.spec(map, "m\(index)", ruleCount) }
        let interpreter = try Interpreter(
          instructions: instructions, type: hook.fields == nil ? .tracing : .cgroupSockAddr, maps: specs)
        for (map, memory) in zip(program.maps, interpreter.maps) {
          for key in map.keys { try memory.set([1, 0, 0, 0], for: key) }
        }
        return interpreter
      }
      programs[hook] = Runs(
        program, try interpreter(program.instructions),
        filter: program.filter.isEmpty ? nil : try interpreter(program.filter))
    }
  }

  /// What becomes of an act at each hook that it may go through.
  ///
  /// - Throws: ``Failure`` where the hooks do not agree.
  public func decide(_ act: PolicyAct) throws -> Decision {
    var result: (hook: PolicyHook, decision: Decision)?
    if act.kind == .processExec {
      var first = try decide(act, at: .execCheck)
      guard first.action == .allow else { return first }
      let second = try decide(act, at: .exec)
      first.told += second.told
      if first.rule != nil { return first }
      (first.action, first.rule, first.isUncertain) = (second.action, second.rule, second.isUncertain)
      return first
    }
    // What a process does to a file goes through one hook; what it does in the network may go through several.
    for hook in act.hooks.first?.fields == nil ? Array(act.hooks.prefix(1)) : act.hooks {
      let decision = try decide(act, at: hook)
      if let result, result.decision != decision {
        throw Failure(description: "\(result.hook.name) and \(hook.name) decide differently: this is a fault of Merops")
      }
      result = (hook, decision)
    }
    return result?.decision ?? Decision(action: .allow)
  }

  /// What becomes of an act at one hook.
  public func decide(_ act: PolicyAct, at hook: PolicyHook) throws -> Decision {
    guard let runs = programs[hook] else { return Decision(action: .allow) }
    // There is nothing behind its tail call: it denies what it would hand on.
    if let filter = runs.filter, try run(act, at: hook, runs, filter).r0 == UInt64(hook.allowing) {
      return Decision(action: .allow)
    }
    let run = try run(act, at: hook, runs, runs.main)
    let maps = zip(runs.program.maps, runs.main.maps)
    let isStopped = hook == .exec ? run.signals == [9] : run.r0 != UInt64(hook.allowing)
    guard let counters = try maps.first(where: { $0.0 == .counters })?.1.get([0, 0, 0, 0]) else {
      return Decision(action: .allow)
    }
    // The first number says how many verdicts were lost.
    let applied = rules.indices.filter { counters[8 * ($0 + 1)] > 0 }
    let deciding = applied.first { !rules[$0].isAudit }
    guard deciding.map({ rules[$0].action.failsClosed }) ?? false == isStopped else {
      throw Failure(description: "an act at \(hook.name) ended without a verdict: this is a fault of Merops")
    }
    var decision = Decision(
      action: deciding.map { rules[$0].action } ?? .allow, rule: deciding.map { rules[$0].name },
      told: applied.filter { rules[$0].tells }.map { rules[$0].name })
    if isStopped, let record = maps.first(where: { $0.0 == .verdicts })?.1.records.last {
      decision.isUncertain = record[Int(VerdictLayout.flags)] & VerdictLayout.isUnknown != 0
    }
    return decision
  }

  private func run(
    _ act: PolicyAct, at hook: PolicyHook, _ runs: Runs, _ interpreter: Interpreter
  ) throws -> Run {
    interpreter.environment.currentTask = try place(
      Self.fields.map { act.numbers[$0] } + [UInt64(act.session)], runs, interpreter)
    interpreter.environment.processID = act.process
    interpreter.environment.cgroupID = act.cgroupID ?? cgroup(act.cgroup).id
    interpreter.environment.ancestorCgroupIDs = Self.ancestors(of: act.cgroup).map { cgroup($0).id }
    for (map, memory) in zip(runs.program.maps, interpreter.maps) {
      switch map {
      case .processes:
        memory.removeAll()
        guard let path = act.executable else { continue }
        try memory.set(
          ProcessLayout.value(path: Array(path.utf8), inode: act.inode), for: ProcessLayout.bytes(act.process))
      case .acts:
        memory.removeAll()
        // By the thread: the interpreter's one is the process.
        let path = hook == .execCheck ? act.executable : act.path
        guard let path else { continue }
        try memory.set(
          ActLayout.value(path: Array(path.utf8), target: act.target.map { Array($0.utf8) }),
          for: ProcessLayout.bytes(act.process))
      case .verdicts: _ = memory.takeRecords()
      case .counters: try memory.set([UInt8](repeating: 0, count: 8 * (rules.count + 1)), for: [0, 0, 0, 0])
      default: continue
      }
    }
    if hook.fields != nil { return try interpreter.run("main", .bytes(Self.context(act, hook))) }
    return try interpreter.run("main", .arguments(try arguments(act, hook, runs, interpreter)))
  }
}

// What stands in for the kernel.
extension PolicyInterpreter {
  private static let fields = KernelLayout.members.keys.sorted { $0.name < $1.name }

  /// Fields that are found by a hook's arguments, which point to them all.
  private static func fields(_ hook: PolicyHook) -> [Field] {
    (hook.security?.arguments ?? [:]).filter { !$0.value.members.isEmpty }.keys.sorted { $0.name < $1.name }
  }

  /// A task, and arguments, that point to each number. A pointer to nowhere stands for what the kernel cannot read.
  private static let layout = KernelLayout(
    paths(fields),
    arguments: Dictionary(uniqueKeysWithValues: PolicyHook.allCases.map { ($0, paths(fields($0))) }),
    session: KernelLayout.Path(offsets: [8 * fields.count, 0], size: 4))

  private static func paths(_ fields: [Field]) -> [Field: KernelLayout.Path] {
    Dictionary(
      uniqueKeysWithValues: fields.enumerated().map { index, field in
        let size =
          switch field {
          case .processCapabilities, .fileInode, .processExecutableInode: 8
          case .fileMode: 2
          default: 4
          }
        return (field, KernelLayout.Path(offsets: [8 * index, 0], size: size))
      })
  }

  /// Pointers to numbers; nowhere for those that are not known.
  private func place(_ numbers: [UInt64?], _ runs: Runs, _ interpreter: Interpreter) throws -> UInt64 {
    if let place = runs.placed[ObjectIdentifier(interpreter)]?[numbers] { return place }
    var bytes: [UInt8] = []
    for number in numbers {
      bytes += ProcessLayout.bytes(try number.map { try interpreter.place(value: $0, named: "fact") } ?? 0)
    }
    let place = try interpreter.place(bytes, named: "facts")
    runs.placed[ObjectIdentifier(interpreter), default: [:]][numbers] = place
    return place
  }

  private func arguments(
    _ act: PolicyAct, _ hook: PolicyHook, _ runs: Runs, _ interpreter: Interpreter
  ) throws -> [UInt64] {
    var words = [UInt64](repeating: 0, count: 6)
    guard let security = hook.security else { return words }
    var numbers = act.numbers
    if hook == .execCheck, act.executable != nil { numbers[.processExecutableInode] = act.inode }
    if let device = numbers[.fileDevice] { numbers[.fileDevice] = Self.kernelDevice(device) }
    // O_WRONLY
    if act.kind == .fileWrite, numbers[.fileFlags] == nil { numbers[.fileFlags] = 1 }
    if act.kind == .fileOpen, numbers[.fileFlags] == nil { numbers[.fileFlags] = 0 }
    let fields = Self.fields(hook)
    let facts = fields.isEmpty ? 0 : try place(fields.map { numbers[$0] }, runs, interpreter)
    for (field, argument) in security.arguments {
      words[argument.index] = argument.members.isEmpty ? numbers[field] ?? 0 : facts
    }
    if let gate = security.gate { words[gate.index] |= UInt64(gate.bits | gate.number) }
    return words
  }

  /// A device number as the kernel has it, of that of stat(2).
  private static func kernelDevice(_ device: UInt64) -> UInt64 {
    let minor = device & 0xff | device >> 12 & 0xfff00
    return (device >> 8 & 0xfff) << 20 | minor
  }

  private static func spec(_ map: CompiledMap, _ name: String, _ rules: Int) -> MapSpec {
    switch map {
    case .processes: MapSpec(name: name, type: .hash, keySize: 4, valueSize: 256, maxEntries: 16)
    case .acts:
      MapSpec(name: name, type: .hash, keySize: 4, valueSize: UInt32(ActLayout.valueBytes), maxEntries: 16)
    case .slots: MapSpec(name: name, type: .programArray, keySize: 4, valueSize: 4, maxEntries: 6)
    case .verdicts: MapSpec(name: name, type: .ringBuffer, keySize: 0, valueSize: 0, maxEntries: 1 << 16)
    case .counters: MapSpec(name: name, type: .array, keySize: 4, valueSize: UInt32(8 * (rules + 1)), maxEntries: 1)
    case .blocks:
      MapSpec(
        name: name, type: .lpmTrie, keySize: 20, valueSize: 4, maxEntries: UInt32(map.keys.count),
        flags: .noPreallocation)
    default:
      MapSpec(
        name: name, type: .hash, keySize: UInt32(map.keys.first?.count ?? 4), valueSize: 4,
        maxEntries: UInt32(max(map.keys.count, 1)))
    }
  }

  /// A number for each cgroup, as different as those of a kernel.
  public static func cgroup(of path: String) -> PolicyCompiler.Cgroup {
    // FNV-1a
    let hash = path.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return PolicyCompiler.Cgroup(id: hash, level: path.split(separator: "/").count)
  }

  /// A cgroup and those that it is in, the root first.
  private static func ancestors(of path: String) -> [String] {
    path.split(separator: "/").reduce(into: ["/"]) { $0.append(($0.count == 1 ? "" : $0[$0.count - 1]) + "/" + $1) }
  }

  /// A `struct bpf_sock_addr`.
  private static func context(_ act: PolicyAct, _ hook: PolicyHook) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 72)
    func put(_ value: [UInt8], _ offset: Int16) {
      bytes.replaceSubrange(Int(offset)..<Int(offset) + value.count, with: value)
    }
    let address = act.address.networkOrder
    put(
      hook.isIPv6 ? address : Array(address[12...]), hook.isIPv6 ? SocketAddressContext.ipv6 : SocketAddressContext.ipv4
    )
    put([UInt8(act.port >> 8), UInt8(act.port & 0xff)], SocketAddressContext.port)
    put([UInt8(truncatingIfNeeded: act.transport)], SocketAddressContext.transport)
    return bytes
  }
}
