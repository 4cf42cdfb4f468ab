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

  private let rules: [Rule]
  private let programs: [PolicyHook: (program: CompiledProgram, interpreter: Interpreter)]
  private let cgroup: @Sendable (String) -> PolicyCompiler.Cgroup
  private var tasks: [PolicyHook: [[Field: UInt64]: UInt64]] = [:]

  /// - Parameter cgroup: finds a cgroup by its path below the root. Usually each path has one.
  /// - Throws: ``PolicyProblem`` for a set that cannot be compiled.
  public init(
    _ set: PolicySet,
    cgroup: @escaping @Sendable (String) -> PolicyCompiler.Cgroup = PolicyInterpreter.cgroup(of:)
  ) throws {
    self.cgroup = cgroup
    let compiled = try PolicyCompiler(layout: Self.layout, cgroup: cgroup).compile(set, generation: 1)
    rules = compiled.rules
    var programs: [PolicyHook: (CompiledProgram, Interpreter)] = [:]
    for (hook, program) in compiled.hooks {
      let specs = program.maps.enumerated().map { index, map in Self.spec(map, "m\(index)", set.rules.count) }
      let interpreter = try Interpreter(
        instructions: program.instructions, type: hook == .exec ? .tracing : .cgroupSockAddr, maps: specs)
      for (map, memory) in zip(program.maps, interpreter.maps) {
        for key in map.keys { try memory.set([1, 0, 0, 0], for: key) }
      }
      programs[hook] = (program, interpreter)
    }
    self.programs = programs
  }

  /// What becomes of an act at each hook that it may go through.
  ///
  /// - Throws: ``Failure`` where the hooks do not agree.
  public func decide(_ act: PolicyAct) throws -> Decision {
    var result: (hook: PolicyHook, decision: Decision)?
    for hook in act.hooks {
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
    guard let (program, interpreter) = programs[hook] else { return Decision(action: .allow) }
    interpreter.environment.currentTask = try task(with: act.numbers, hook, interpreter)
    interpreter.environment.processID = act.process
    interpreter.environment.cgroupID = act.cgroupID ?? cgroup(act.cgroup).id
    interpreter.environment.ancestorCgroupIDs = Self.ancestors(of: act.cgroup).map { cgroup($0).id }
    let maps = zip(program.maps, interpreter.maps)
    for (map, memory) in maps {
      switch map {
      case .processes:
        memory.removeAll()
        guard let path = act.executable else { continue }
        try memory.set(
          ProcessLayout.value(path: Array(path.utf8), inode: act.inode), for: ProcessLayout.bytes(act.process))
      case .verdicts: _ = memory.takeRecords()
      case .counters: try memory.set([UInt8](repeating: 0, count: 8 * (rules.count + 1)), for: [0, 0, 0, 0])
      default: continue
      }
    }
    let run = try interpreter.run("main", hook == .exec ? .arguments([0, 0, 0]) : .bytes(Self.context(act, hook)))
    let isStopped = hook == .exec ? run.signals == [9] : run.r0 == 0
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
      told: applied.filter { rules[$0].isAudit }.map { rules[$0].name })
    if isStopped, let record = maps.first(where: { $0.0 == .verdicts })?.1.records.last {
      decision.isUncertain = record[Int(VerdictLayout.flags)] & VerdictLayout.isUnknown != 0
    }
    return decision
  }
}

// What stands in for the kernel.
extension PolicyInterpreter {
  private static let fields = KernelLayout.members.keys.sorted { $0.name < $1.name }

  /// A task that points to each number. A pointer to nowhere stands for what the kernel cannot read.
  private static let layout = KernelLayout(
    Dictionary(
      uniqueKeysWithValues: fields.enumerated().map { index, field in
        (field, KernelLayout.Path(offsets: [8 * index, 0], size: field == .processCapabilities ? 8 : 4))
      }))

  private func task(
    with numbers: [Field: UInt64], _ hook: PolicyHook, _ interpreter: Interpreter
  ) throws -> UInt64 {
    if let task = tasks[hook]?[numbers] { return task }
    var bytes: [UInt8] = []
    for field in Self.fields {
      bytes += ProcessLayout.bytes(try numbers[field].map { try interpreter.place(value: $0, named: field.name) } ?? 0)
    }
    let task = try interpreter.place(bytes, named: "task_struct")
    tasks[hook, default: [:]][numbers] = task
    return task
  }

  private static func spec(_ map: CompiledMap, _ name: String, _ rules: Int) -> MapSpec {
    switch map {
    case .processes: MapSpec(name: name, type: .hash, keySize: 4, valueSize: 256, maxEntries: 16)
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
