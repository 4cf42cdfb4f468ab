// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import MeropsExpression
import MeropsModel

/// Makes programs of rules. What it makes depends on the policy set, the kernel's layout and the cgroups' ids alone.
public struct PolicyCompiler: Sendable {
  /// Where a cgroup is in the tree.
  public struct Cgroup: Hashable, Sendable {
    public var id: UInt64
    /// The root is 0.
    public var level: Int

    public init(id: UInt64, level: Int) { (self.id, self.level) = (id, level) }
  }

  var layout: KernelLayout
  /// Finds a cgroup by its path below the root; nil where there is none.
  var cgroup: @Sendable (String) -> Cgroup?
  /// Why acts cannot be decided at a hook; nil where they can.
  var refusal: @Sendable (PolicyHook) -> String?

  public init(
    layout: KernelLayout, cgroup: @escaping @Sendable (String) -> Cgroup?,
    refusal: @escaping @Sendable (PolicyHook) -> String? = { _ in nil }
  ) {
    (self.layout, self.cgroup, self.refusal) = (layout, cgroup, refusal)
  }

  /// A compiler that knows no kernel, to see whether a policy can be compiled.
  public static let offline = PolicyCompiler(layout: .none) { _ in Cgroup(id: 1, level: 1) }

  /// Compiles a set for a generation, which verdicts name.
  ///
  /// - Throws: ``PolicyProblem`` that names the rule.
  public func compile(_ set: PolicySet, generation: UInt32) throws(PolicyProblem) -> CompiledPolicy {
    let observed = observed(set)
    var asked = set.rules
    for each in observed { asked[each.number].acts.removeAll(where: each.acts.contains) }
    var compiled = try compile(asked, generation: generation)
    (compiled.rules, compiled.observed) = (set.rules, observed)
    return compiled
  }

  /// Compiles rules, of which a verdict has the place.
  func compile(_ all: [Rule], generation: UInt32) throws(PolicyProblem) -> CompiledPolicy {
    var compiled = CompiledPolicy(rules: all, hooks: [:])
    for hook in PolicyHook.allCases {
      let rules = all.enumerated().compactMap { number, rule in
        hook.part(of: rule, among: all).map { HookRule(number: UInt32(number), rule: rule, part: $0) }
      }
      guard rules.contains(where: { $0.part == .decides }) else { continue }
      for each in rules where each.part == .decides { try check(each.rule, at: hook) }
      var code = HookCompiler(hook: hook, generation: generation, compiler: self)
      compiled.hooks[hook] = try code.compile(rules)
    }
    return compiled
  }
}

/// A rule at a hook.
struct HookRule {
  /// Its place in the set.
  var number: UInt32
  var rule: Rule
  var part: RulePart
}

/// What a rule does at one of the hooks that decide about its act.
enum RulePart {
  case decides
  /// Another hook decides by it: here the act goes on.
  case passes
}

extension PolicyHook {
  /// What a rule does here; nil where it is about other acts, or another hook asks it.
  ///
  /// Starting a program is decided twice: first it may be denied, then whoever started it may be killed. The rules of both come
  /// in one order. What allows and what tells is asked where it comes first.
  func part(of rule: Rule, among rules: [Rule]) -> RulePart? {
    guard rule.acts.contains(where: acts.contains) else { return nil }
    guard self == .exec || self == .execCheck else { return .decides }
    let isDenied = rules.contains { $0.acts.contains(.processExec) && $0.action == .deny }
    guard isDenied else { return self == .exec ? .decides : nil }
    switch (self, rule.action) {
    case (.execCheck, .kill) where !rule.isAudit: return .passes
    case (.execCheck, _): return .decides
    case (_, .kill) where !rule.isAudit: return .decides
    default: return rule.isAudit ? nil : .passes
    }
  }
}

extension PolicyCompiler {
  /// A rule is carried out as it is written, or refused: never by something weaker.
  private func check(_ rule: Rule, at hook: PolicyHook) throws(PolicyProblem) {
    let act = rule.acts.first { hook.acts.contains($0) }?.name ?? hook.name
    if let refusal = refusal(hook) {
      let isExec = hook == .execCheck
      throw PolicyProblem(
        "\(rule.name): this kernel lets nobody decide about \(act): \(refusal)", rule.place,
        hint: isExec ? "`action: kill` ends the process before the new program's first instruction" : nil)
    }
    guard rule.action.failsClosed else { return }
    if let required = rule.requiredRung, required != hook.rung {
      throw PolicyProblem(
        "\(rule.name) demands `\(required.rawValue)`, and the rung for \(act) is `\(hook.rung.rawValue)`", rule.place)
    }
    if rule.action == .kill, hook.rung == .deny, hook != .execCheck {
      throw PolicyProblem(
        "\(rule.name): \(act) is denied, and nobody is killed", rule.place, hint: "Write `action: deny`")
    }
  }
}

/// Why something cannot be compiled; the rule is known to whoever asked.
struct CompileProblem: Error {
  var message: String
  var hint: String?

  init(_ message: String, hint: String? = nil) { (self.message, self.hint) = (message, hint) }
}

/// The program of one hook.
///
/// r6 is the context, r7 what is known of the process (or null), r8 and r9 the rule and the flags of a verdict. All that is
/// computed lies in this program's own stack: another one of the same CPU cannot touch it.
struct HookCompiler {
  let hook: PolicyHook
  let generation: UInt32
  let compiler: PolicyCompiler
  var code = Assembler()
  var maps: [CompiledMap] = []
  var usesProcess = false
  /// Whether the program runs before the paths are written: then they are unknown to it.
  var isFilter = false

  init(hook: PolicyHook, generation: UInt32, compiler: PolicyCompiler) {
    (self.hook, self.generation, self.compiler) = (hook, generation, compiler)
  }

  /// Offsets from the frame's end.
  enum Frame {
    static let key: Int16 = -8
    /// A key of a trie: the number of bits, the address. The kernel wants it whole.
    static let prefix: Int16 = -36
    static let address: Int16 = -32
    static let port: Int16 = -16
    /// What helpers write to.
    static let buffer: Int16 = -48
    static let record: Int16 = -48 - Int16(VerdictLayout.size)
    /// Where the paths of the act are, or null.
    static let act: Int16 = record - 8
    /// Numbers that are put aside, 8 bytes each, downward.
    static let numbers: Int16 = act - 8
    static let numberLimit = 16
  }

  /// Labels that every rule leads to lie within reach of a jump: they are placed anew after so many instructions.
  private static let reach = 12_000

  mutating func compile(_ rules: [HookRule]) throws(PolicyProblem) -> CompiledProgram {
    usesProcess = rules.contains { $0.rule.conditions.contains { asksOfProgram($0.condition) } }
    var filter: [Instruction] = []
    if !hook.paths.isEmpty {
      isFilter = true
      filter = try assemble(rules)
      (code, isFilter) = (Assembler(), false)
    }
    let instructions = try assemble(rules)
    return CompiledProgram(
      instructions: instructions, filter: filter, maps: maps, ruleCount: rules.count { $0.part == .decides })
  }

  private mutating func assemble(_ rules: [HookRule]) throws(PolicyProblem) -> [Instruction] {
    beginProgram()
    var end = code.makeLabel("end")
    var last = code.count
    for each in rules {
      do throws(CompileProblem) {
        if isFilter {
          try compileFilter(each, end)
        } else {
          try compile(each, end)
        }
      } catch {
        throw PolicyProblem("\(each.rule.name): \(error.message)", each.rule.place, hint: error.hint)
      }
      if code.count - last > Self.reach {
        let over = code.makeLabel("over")
        code.jump(to: over)
        place(end)
        code.place(over)
        end = code.makeLabel("end")
        last = code.count
      }
    }
    code.emit(.move(.r0, .immediate(hook.allowing)), .exit)
    place(end)
    do {
      return try code.finish().withoutDeadCode
    } catch {
      throw PolicyProblem("the rules of \(hook.name) make no program: \(error)", rules.first?.rule.place)
    }
  }

  /// What a rule that counts leads to.
  private mutating func place(_ end: Label) {
    if isFilter {
      goOn(end)
    } else {
      deny(end)
    }
  }

  /// Goes on with what writes the paths, if the rule may be about the process.
  private mutating func compileFilter(_ each: HookRule, _ end: Label) throws(CompileProblem) {
    let next = code.makeLabel("next")
    try compileActs(each.rule, else: next)
    try compileCgroups(each.rule, else: next)
    for expression in each.rule.conditions {
      let mayHold = code.makeLabel("holds")
      try compile(expression.condition, unknownIs: true, yes: mayHold, no: next)
      code.place(mayHold)
    }
    code.jump(to: end)
    code.place(next)
  }

  private mutating func compile(_ each: HookRule, _ denial: Label) throws(CompileProblem) {
    let (number, rule) = (each.number, each.rule)
    let next = code.makeLabel("next")
    try compileActs(rule, else: next)
    try compileCgroups(rule, else: next)
    // A rule that denies counts where the answer is yes or unknown, any other where it is yes.
    let failsClosed = rule.action.failsClosed
    for expression in rule.conditions {
      let holds = code.makeLabel("holds")
      try compile(expression.condition, unknownIs: failsClosed, yes: holds, no: next)
      code.place(holds)
    }
    if each.part == .passes {
      code.emit(.move(.r0, .immediate(hook.allowing)), .exit)
    } else if rule.action == .allow, !rule.isAudit {
      count(number)
      code.emit(.move(.r0, .immediate(hook.allowing)), .exit)
    } else {
      try compileFlags(rule, failsClosed)
      code.emit(.move(.r8, .immediate(Int32(bitPattern: number))))
      count(number)
      if rule.isAudit {
        tell()
      } else {
        code.jump(to: denial)
      }
    }
    code.place(next)
  }

  /// Whether the verdict is certain, in r9: the same conditions again, asked the other way. Only acts that are told pay for
  /// it.
  private mutating func compileFlags(_ rule: Rule, _ failsClosed: Bool) throws(CompileProblem) {
    let flags = rule.isAudit ? Int32(VerdictLayout.isAudit) : 0
    guard failsClosed, rule.conditions.contains(where: { $0.condition.canBeUnknown }) else {
      code.emit(.move(.r9, .immediate(flags)))
      return
    }
    let unknown = code.makeLabel("unknown")
    let done = code.makeLabel("done")
    for expression in rule.conditions {
      let holds = code.makeLabel("holds")
      try compile(expression.condition, unknownIs: false, yes: holds, no: unknown)
      code.place(holds)
    }
    code.emit(.move(.r9, .immediate(flags)))
    code.jump(to: done)
    code.place(unknown)
    code.emit(.move(.r9, .immediate(flags | Int32(VerdictLayout.isUnknown))))
    code.place(done)
  }

  /// Of the acts that are decided at a hook a rule may be about some only.
  private mutating func compileActs(_ rule: Rule, else next: Label) throws(CompileProblem) {
    guard hook == .fileOpen, !rule.acts.contains(.fileOpen) else { return }
    let isWritten = code.makeLabel("written")
    try jumpIfWritten(to: isWritten, unknown: isWritten)
    code.jump(to: next)
    code.place(isWritten)
  }

  private mutating func compileCgroups(_ rule: Rule, else next: Label) throws(CompileProblem) {
    guard !rule.cgroups.isEmpty else { return }
    let inside = code.makeLabel("inside")
    for path in rule.cgroups {
      guard let cgroup = compiler.cgroup(path) else {
        throw CompileProblem(
          "there is no cgroup `\(path)`", hint: "A rule is about a cgroup that exists when the policy is applied")
      }
      code.emit(.move(.r1, .immediate(Int32(cgroup.level))), .call(.getCurrentAncestorCgroupID))
      jump(if: .r0, .equal, to: cgroup.id, inside)
    }
    code.jump(to: next)
    code.place(inside)
  }
}

// What all programs have.
extension HookCompiler {
  private mutating func beginProgram() {
    code.emit(.move(.r6, .r1))
    if let gate = hook.security?.gate, isFilter || hook.paths.isEmpty { compile(gate) }
    if hook.fields == nil {
      for word in 0..<3 { code.emit(.store(0, to: .r10, Frame.address + 8 * Int16(word), size: .doubleWord)) }
    } else {
      beginAddress()
      code.emit(
        .load(.r1, from: .r6, SocketAddressContext.port, size: .word), .bigEndian(.r1, bits: 16),
        .store(0, to: .r10, Frame.port, size: .doubleWord))
      putAway(at: Frame.port, .byte)
    }
    if !hook.paths.isEmpty, !isFilter {
      code.emit(.call(.getCurrentPIDTGID), .store(.r0, to: .r10, Frame.key, size: .word))
      loadMap(.r1, .acts)
      code.emit(
        .move(.r2, .r10), .add(.r2, .immediate(Int32(Frame.key))), .call(.mapLookupElement),
        .store(.r0, to: .r10, Frame.act, size: .doubleWord))
    }
    guard usesProcess else { return }
    code.emit(
      .call(.getCurrentPIDTGID), .arithmetic(.shiftRight, .r0, 32), .store(.r0, to: .r10, Frame.key, size: .word))
    loadMap(.r1, .processes)
    code.emit(.move(.r2, .r10), .add(.r2, .immediate(Int32(Frame.key))), .call(.mapLookupElement), .move(.r7, .r0))
  }

  /// Puts the address on the stack, in network order, an IPv4 address in its mapped form.
  ///
  /// A connection to no address is one to this machine (tcp_v4_connect, tcp_v6_connect): it is decided as such.
  private mutating func beginAddress() {
    let isBound = hook.acts[0] == .networkBind
    code.emit(.store(128, to: .r10, Frame.prefix, size: .word))
    let words = (0..<4).map { Frame.address + 4 * Int16($0) }
    let known = code.makeLabel("address")
    if hook.isIPv6 {
      for (index, word) in words.enumerated() {
        code.emit(.load(.r1, from: .r6, SocketAddressContext.ipv6 + 4 * Int16(index), size: .word))
        putAway(at: word, .halfWord)
      }
      guard !isBound else { return }
      for word in [words[3], words[0], words[1]] {
        code.emit(.load(.r1, from: .r10, word, size: .word))
        code.jump(to: known, if: .r1, .notEqual, 0)
      }
      let mapped = code.makeLabel("mapped")
      code.emit(.load(.r1, from: .r10, words[2], size: .word))
      code.jump(to: mapped, if: .r1, .equal, .immediate(Self.mappedWord), width: .bits32)
      code.jump(to: known, if: .r1, .notEqual, 0)
      code.emit(.store(.immediate(Self.word(0, 0, 0, 1)), to: .r10, words[3], size: .word))
      code.jump(to: known)
      code.place(mapped)
      code.emit(.store(.immediate(Self.loopback), to: .r10, words[3], size: .word))
    } else {
      code.emit(
        .store(0, to: .r10, Frame.address, size: .doubleWord),
        .store(.immediate(Self.mappedWord), to: .r10, words[2], size: .word),
        .load(.r1, from: .r6, SocketAddressContext.ipv4, size: .word))
      if !isBound {
        code.jump(to: known, if: .r1, .notEqual, 0)
        code.emit(.move(.r1, .immediate(Self.loopback), width: .bits32))
        code.place(known)
      }
      putAway(at: words[3], .halfWord)
      return
    }
    code.place(known)
  }

  /// Stores what is in r1 on the stack, in two parts: so the verifier does not know the number when it is loaded. Else it would
  /// learn from each comparison what the number is, and follow each possibility through all the rules behind: a million
  /// instructions for a few hundred rules.
  private mutating func putAway(at offset: Int16, _ part: AccessSize) {
    let bytes = Int16(part.byteCount)
    code.emit(
      .store(.r1, to: .r10, offset, size: part), .arithmetic(.shiftRight, .r1, .immediate(Int32(8 * bytes))),
      .store(.r1, to: .r10, offset + bytes, size: part))
  }

  /// Four bytes as a program loads them.
  static func word(_ bytes: UInt8...) -> Int32 {
    Int32(bitPattern: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
  }
  static let mappedWord = word(0, 0, 0xff, 0xff)
  private static let loopback = word(127, 0, 0, 1)

  /// What is no act ends the program.
  private mutating func compile(_ gate: SecurityHook.Gate) {
    let isAct = code.makeLabel("act")
    code.emit(
      .load(.r1, from: .r6, 8 * Int16(gate.index), size: .doubleWord), .move(.r1, .r1, width: .bits32))
    if gate.bits != 0 {
      code.jump(to: isAct, if: .r1, .anyBit, .immediate(gate.bits))
    } else {
      code.jump(to: isAct, if: .r1, .equal, .immediate(gate.number))
    }
    code.emit(.move(.r0, .immediate(hook.allowing)), .exit)
    code.place(isAct)
  }

  /// Goes on with what writes the paths. If there is no such program, the act is denied.
  private mutating func goOn(_ label: Label) {
    code.place(label)
    code.emit(.move(.r1, .r6))
    loadMap(.r2, .slots)
    code.emit(
      .move(.r3, .immediate(Int32(PolicySlots.paths + (generation & 1)))), .call(.tailCall),
      .move(.r0, .immediate(hook.denying)), .exit)
  }

  /// Ends the program with a denial of the rule in r8.
  private mutating func deny(_ label: Label) {
    code.place(label)
    if hook.rung == .kill { code.emit(.move(.r1, 9), .call(.sendSignal)) }
    tell()
    code.emit(.move(.r0, .immediate(hook.denying)), .exit)
  }

  /// Sends a verdict, or counts that there was no room for it.
  private mutating func tell() {
    let at = { (offset: Int16) in Frame.record + offset }
    typealias Layout = VerdictLayout
    code.emit(
      .call(.ktimeGetBootNS), .store(.r0, to: .r10, at(Layout.time), size: .doubleWord),
      .call(.getCurrentPIDTGID), .store(.r0, to: .r10, at(Layout.thread), size: .doubleWord),
      .call(.getCurrentCgroupID), .store(.r0, to: .r10, at(Layout.cgroup), size: .doubleWord))
    for word in 0..<2 {
      code.emit(
        .load(.r1, from: .r10, Frame.address + 8 * Int16(word), size: .doubleWord),
        .store(.r1, to: .r10, at(Layout.address + 8 * Int16(word)), size: .doubleWord))
    }
    code.emit(
      .store(.immediate(Int32(bitPattern: generation)), to: .r10, at(Layout.generation), size: .word),
      .store(.r8, to: .r10, at(Layout.rule), size: .word),
      .load(.r1, from: .r10, Frame.port, size: .doubleWord), .store(.r1, to: .r10, at(Layout.port), size: .halfWord),
      .store(.immediate(Int32(hook.rawValue)), to: .r10, at(Layout.hook), size: .byte),
      .store(.r9, to: .r10, at(Layout.flags), size: .byte))
    if hook.fields == nil {
      tellNumbers()
    } else {
      code.emit(
        .load(.r1, from: .r6, SocketAddressContext.transport, size: .word),
        .store(.r1, to: .r10, at(Layout.transport), size: .word))
    }
    code.emit(
      .move(.r1, .r10), .add(.r1, .immediate(Int32(at(Layout.command)))), .move(.r2, 16), .call(.getCurrentComm))
    let sent = code.makeLabel("sent")
    let plain = code.makeLabel("plain")
    let lost = code.makeLabel("lost")
    if !hook.paths.isEmpty {
      code.emit(.load(.r2, from: .r10, Frame.act, size: .doubleWord))
      code.jump(to: plain, if: .r2, .equal, 0)
      tellPaths(lost)
      code.jump(to: sent, if: .r0, .equal, 0)
      code.jump(to: lost)
      code.place(plain)
    }
    loadMap(.r1, .verdicts)
    code.emit(
      .move(.r2, .r10), .add(.r2, .immediate(Int32(Frame.record))), .move(.r3, .immediate(Int32(Layout.size))),
      .move(.r4, 0), .call(.ringbufOutput))
    code.jump(to: sent, if: .r0, .equal, 0)
    code.place(lost)
    add(at: 0)
    code.place(sent)
  }

  /// Sends the record on the stack in front of the paths, which r2 points to.
  private mutating func tellPaths(_ lost: Label) {
    for offset in stride(from: 0 as Int16, to: Int16(VerdictLayout.size), by: 8)
    where !(VerdictLayout.address..<VerdictLayout.generation).contains(offset) {
      code.emit(
        .load(.r1, from: .r10, Frame.record + offset, size: .doubleWord),
        .store(.r1, to: .r2, ActLayout.record + offset, size: .doubleWord))
    }
    code.emit(.load(.r3, from: .r2, 0, size: .doubleWord))
    code.jump(to: lost, if: .r3, .greater, .immediate(Int32(ActLayout.capacity)))
    code.emit(.add(.r2, .immediate(Int32(ActLayout.record))))
    loadMap(.r1, .verdicts)
    code.emit(.move(.r4, 0), .call(.ringbufOutput))
  }

  /// Two numbers of the act, in place of port and transport; 0 where they cannot be read.
  private mutating func tellNumbers() {
    code.emit(.store(0, to: .r10, Frame.record + VerdictLayout.transport, size: .word))
    let told = hook.security?.told
    for (field, offset, size) in [
      (told?.small, VerdictLayout.port, AccessSize.halfWord), (told?.large, VerdictLayout.transport, .word),
    ] {
      guard let field else { continue }
      let unknown = code.makeLabel("unknown")
      guard loadArgument(field, unknown) else { continue }
      code.emit(.store(.r0, to: .r10, Frame.record + offset, size: size))
      code.place(unknown)
    }
  }

  /// Counts that a rule applied.
  private mutating func count(_ rule: UInt32) { add(at: 8 * (rule + 1)) }

  private mutating func add(at offset: UInt32) {
    let index = UInt64(index(of: .counters))
    code.emit(Instruction.loadWide(.r1, index | UInt64(offset) << 32, source: PseudoSource.mapIndexValue))
    code.emit(.move(.r2, 1), .atomic(.add, .r2, at: .r1, size: .doubleWord))
  }

  mutating func loadMap(_ register: Register, _ map: CompiledMap) {
    code.emit(Instruction.loadWide(register, UInt64(index(of: map)), source: PseudoSource.mapIndex))
  }

  private mutating func index(of map: CompiledMap) -> Int {
    if let index = maps.firstIndex(of: map) { return index }
    maps.append(map)
    return maps.count - 1
  }

  /// Jumps by a comparison with a number of 64 bits.
  mutating func jump(if register: Register, _ operation: JumpOperation, to number: UInt64, _ label: Label) {
    // An immediate is extended by its sign.
    if let small = Int32(exactly: number) {
      code.jump(to: label, if: register, operation, .immediate(small))
    } else {
      let other: Register = register == .r5 ? .r4 : .r5
      code.emit(Instruction.loadWide(other, number))
      code.jump(to: label, if: register, operation, .register(other))
    }
  }
}

/// Offsets in `struct bpf_sock_addr`.
///
/// Source: include/uapi/linux/bpf.h.
enum SocketAddressContext {
  static let ipv4: Int16 = 4
  static let ipv6: Int16 = 8
  static let port: Int16 = 24
  static let transport: Int16 = 36
}

extension Helper {
  static let getCurrentComm = Helper(rawValue: 16)
  static let getCurrentTask = Helper(rawValue: 35)
  static let getCurrentCgroupID = Helper(rawValue: 80)
  static let sendSignal = Helper(rawValue: 109)
  static let getCurrentAncestorCgroupID = Helper(rawValue: 123)
  static let ktimeGetBootNS = Helper(rawValue: 125)
}
