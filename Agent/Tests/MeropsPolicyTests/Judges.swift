// SPDX-License-Identifier: Apache-2.0

import BPFInterpreter
import BPFObject
import MeropsExpression
import MeropsModel
import MeropsPolicy

/// An act that rules decide about, with all that can be known of it.
struct Act {
  var hook: PolicyHook
  var address: Address
  var port: UInt16
  /// 6 or 17.
  var transport: UInt32
  /// nil where the kernel does not know the program.
  var path: String?
  var user: UInt32
  var process: UInt32 = 4711
  /// Below the root.
  var cgroup: String

  /// A connection to no address is one to this machine.
  var seenAddress: Address {
    guard hook.act == .networkConnect else { return address }
    if address == Address(bits: 0) { return Address(bits: 1) }
    return address == Address(ipv4: 0) ? Address(ipv4: 0x7f00_0001) : address
  }

  /// As an event that the agent would tell.
  var event: Event {
    var facts = Facts()
    facts.append(.processID, UInt64(process))
    facts.append(.processUser, UInt64(user))
    if let path { facts.append(.processExecutable, .text(Text(path))) }
    let process = Process(key: ProcessKey(start: 1, pid: process), generation: 0, parent: nil, facts: facts)
    var own = Facts()
    if hook != .exec {
      own.append(.networkTransport, .text(Text(transport == 6 ? "tcp" : "udp")))
      let isBind = hook.act == .networkBind
      own.append(isBind ? .sourceAddress : .destinationAddress, .address(seenAddress))
      own.append(isBind ? .sourcePort : .destinationPort, UInt64(port))
    }
    var builder = EventBatchBuilder()
    builder.append(hook.act, id: EventID(rawValue: 1), time: 1, by: process, own)
    return builder.finish()[0]
  }
}

/// Says what becomes of an act by the words of docs/policies.md: an obvious evaluator, for tests alone.
enum Reference {
  /// - Returns: the rule that denies; nil where the act is allowed.
  static func denial(of act: Act, by set: PolicySet) -> Rule? {
    let event = act.event
    for rule in set.rules where rule.acts.contains(act.hook.act) && !rule.isAudit {
      guard rule.cgroups.isEmpty || rule.cgroups.contains(act.cgroup) else { continue }
      let verdicts = rule.conditions.map { $0.evaluate(event) }
      let isDenied = rule.action.failsClosed && !verdicts.contains(.no)
      let isAllowed = rule.action == .allow && verdicts.allSatisfy { $0 == .yes }
      if isDenied { return rule }
      if isAllowed { return nil }
    }
    return nil
  }
}

/// Runs what the kernel would run.
final class InterpretedPolicy {
  static let cgroups: [String: PolicyCompiler.Cgroup] = [
    "/a": .init(id: 1_000_000_000_001, level: 1), "/b": .init(id: 22, level: 1),
  ]

  /// A task that points to its credentials, which have the user.
  private static let layout = KernelLayout([.processUser: .init(offsets: [16, 4], size: 4)])

  let compiled: CompiledPolicy
  private var interpreters: [PolicyHook: Interpreter] = [:]
  private var tasks: [PolicyHook: [UInt32: UInt64]] = [:]

  init(_ set: PolicySet) throws {
    let compiler = PolicyCompiler(layout: Self.layout) { Self.cgroups[$0] }
    compiled = try compiler.compile(set, generation: 7)
    for (hook, program) in compiled.hooks {
      let specs = program.maps.enumerated().map { index, map in Self.spec(map, "m\(index)", set.rules.count) }
      let interpreter = try Interpreter(
        instructions: program.instructions, type: hook == .exec ? .tracing : .cgroupSockAddr, maps: specs)
      for (map, memory) in zip(program.maps, interpreter.maps) {
        for key in map.keys { try memory.set([1, 0, 0, 0], for: key) }
      }
      interpreters[hook] = interpreter
    }
  }

  /// A `task_struct` whose credentials are a user's.
  private func task(of user: UInt32, _ hook: PolicyHook, _ interpreter: Interpreter) throws -> UInt64 {
    if let task = tasks[hook]?[user] { return task }
    let credentials = try interpreter.place(value: (UInt32(0), user, UInt64(0)), named: "cred")
    let task = try interpreter.place(value: (UInt64(0), UInt64(0), credentials), named: "task_struct")
    tasks[hook, default: [:]][user] = task
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

  /// - Returns: the rule that denies and whether that is certain; nil where the act is allowed.
  func denial(of act: Act) throws -> (rule: Rule, isUnknown: Bool)? {
    guard let interpreter = interpreters[act.hook], let program = compiled.hooks[act.hook] else { return nil }
    interpreter.environment.currentTask = try task(of: act.user, act.hook, interpreter)
    interpreter.environment.processID = act.process
    interpreter.environment.cgroupID = Self.cgroups[act.cgroup]?.id ?? 5
    interpreter.environment.ancestorCgroupIDs = [1, interpreter.environment.cgroupID]
    for (map, memory) in zip(program.maps, interpreter.maps) {
      if map == .processes {
        memory.removeAll()
        if let path = act.path {
          try memory.set(
            ProcessLayout.value(path: Array(path.utf8)),
            for: withUnsafeBytes(of: act.process.littleEndian) { Array($0) })
        }
      }
      if map == .verdicts { _ = memory.takeRecords() }
    }
    let input = act.hook == .exec ? Input.arguments([0, 0, 0]) : .bytes(Self.context(act))
    let run = try interpreter.run("main", input)
    if act.hook == .exec ? run.signals.isEmpty : run.r0 == 1 { return nil }
    if act.hook == .exec, run.signals != [9] { throw Failure(description: "signals \(run.signals)") }
    guard let ring = zip(program.maps, interpreter.maps).first(where: { $0.0 == .verdicts })?.1,
      let record = ring.records.last, record.count == VerdictLayout.size
    else { throw Failure(description: "an act was denied without a verdict") }
    let rule = Int(record[36]) | Int(record[37]) << 8
    return (compiled.rules[rule], record[43] & VerdictLayout.isUnknown != 0)
  }

  /// A `struct bpf_sock_addr`.
  private static func context(_ act: Act) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 72)
    func put(_ value: [UInt8], _ offset: Int) { bytes.replaceSubrange(offset..<offset + value.count, with: value) }
    let address = withUnsafeBytes(of: act.address.bits.bigEndian) { Array($0) }
    switch act.hook {
    case .connect4, .send4, .bind4: put(Array(address[12...]), 4)
    case .connect6, .send6, .bind6: put(address, 8)
    case .exec: break
    }
    put([UInt8(act.port >> 8), UInt8(act.port & 0xff)], 24)
    put([UInt8(act.transport)], 36)
    return bytes
  }
}
