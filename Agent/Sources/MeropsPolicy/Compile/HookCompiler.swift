// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import MeropsExpression
import MeropsModel

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
  /// Whether rules in audit mode allow: then those behind them in that mode ask whether one has.
  var allowsInAudit = false
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
    /// Whether a rule in audit mode has allowed the act.
    static let isAllowedInAudit = numbers - 8 * Int16(numberLimit)
  }

  /// Labels that every rule leads to lie within reach of a jump: they are placed anew after so many instructions.
  private static let reach = 12_000

  mutating func compile(_ rules: [HookRule]) throws(PolicyProblem) -> CompiledProgram {
    usesProcess = rules.contains { $0.rule.conditions.contains { asksOfProgram($0.condition) } }
    allowsInAudit = rules.contains { $0.part == .decides && $0.rule.isAudit && $0.rule.action == .allow }
    var filter: [Instruction] = []
    if !hook.paths.isEmpty {
      isFilter = true
      filter = try assemble(rules)
      (code, isFilter) = (Assembler(), false)
    }
    let instructions = try assemble(rules)
    return CompiledProgram(
      instructions: instructions, filter: filter, maps: maps,
      rules: rules.filter { $0.part == .decides }.map { Int($0.number) })
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
    try compileCanary(each.rule.canary, else: next)
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
    if allowsInAudit, rule.isAudit, rule.action.failsClosed {
      code.emit(.load(.r1, from: .r10, Frame.isAllowedInAudit, size: .doubleWord))
      code.jump(to: next, if: .r1, .notEqual, 0)
    }
    try compileActs(rule, else: next)
    try compileCgroups(rule, else: next)
    try compileCanary(rule.canary, else: next)
    // A rule that denies counts where the answer is yes or unknown, any other where it is yes.
    let failsClosed = rule.action.failsClosed
    for expression in rule.conditions {
      let holds = code.makeLabel("holds")
      try compile(expression.condition, unknownIs: failsClosed, yes: holds, no: next)
      code.place(holds)
    }
    if each.part == .passes {
      code.emit(.move(.r0, .immediate(hook.allowing)), .exit)
    } else if rule.action == .allow {
      count(number)
      if rule.isAudit {
        code.emit(.store(1, to: .r10, Frame.isAllowedInAudit, size: .doubleWord))
      } else {
        code.emit(.move(.r0, .immediate(hook.allowing)), .exit)
      }
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
    for path in rule.cgroups { try jumpIfInside(path, to: inside) }
    code.jump(to: next)
    code.place(inside)
  }

  private mutating func jumpIfInside(_ path: String, to inside: Label) throws(CompileProblem) {
    guard let cgroup = compiler.cgroup(path) else {
      throw CompileProblem(
        "there is no cgroup `\(path)`", hint: "A rule is about a cgroup that exists when the policy is applied")
    }
    code.emit(.move(.r1, .immediate(Int32(cgroup.level))), .call(.getCurrentAncestorCgroupID))
    jump(if: .r0, .equal, to: cgroup.id, inside)
  }

  /// Of a rule that is tried: whether the process is one of the canary's, or none.
  private mutating func compileCanary(_ part: Rule.CanaryPart?, else next: Label) throws(CompileProblem) {
    guard let part else { return }
    let (inside, outside) = (code.makeLabel("canary"), code.makeLabel("others"))
    switch part.canary {
    case .cgroup(let path): try jumpIfInside(path, to: inside)
    case .percent(let percent):
      guard let session = compiler.layout.session else {
        throw CompileProblem("this kernel does not say to which session a process belongs")
      }
      code.emit(.call(.getCurrentTask))
      follow(session, inside)
      code.emit(
        .arithmetic(.multiply, .r0, .immediate(Int32(bitPattern: Canary.factor))), .move(.r0, .r0, width: .bits32))
      jump(if: .r0, .less, to: Canary.threshold(percent), inside)
    }
    code.jump(to: part.isOutside ? outside : next)
    code.place(inside)
    if part.isOutside { code.jump(to: next) }
    code.place(outside)
  }

  mutating func loadMap(_ register: Register, _ map: CompiledMap) {
    code.emit(Instruction.loadWide(register, UInt64(index(of: map)), source: PseudoSource.mapIndex))
  }

  mutating func index(of map: CompiledMap) -> Int {
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

extension Helper {
  static let getCurrentComm = Helper(rawValue: 16)
  static let getCurrentTask = Helper(rawValue: 35)
  static let getCurrentCgroupID = Helper(rawValue: 80)
  static let sendSignal = Helper(rawValue: 109)
  static let getCurrentAncestorCgroupID = Helper(rawValue: 123)
  static let ktimeGetBootNS = Helper(rawValue: 125)
}
