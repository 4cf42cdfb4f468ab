// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import MeropsExpression
import MeropsModel

// Numbers. All fields that the kernel knows are of type `uint`.
extension HookCompiler {
  typealias Number = MeropsExpression.Number

  mutating func compare(
    _ comparison: Comparison, _ left: Number, _ right: Number, _ yes: Label, _ no: Label, _ unknown: Label
  ) throws(CompileProblem) {
    switch (left, right) {
    case (.literal(let left), .literal(let right)):
      code.jump(to: comparison.holds(left < right, left == right) ? yes : no)
    case (_, .literal(let literal)) where literal.isSigned:
      // Less than any uint.
      code.jump(to: comparison.holds(false, false) ? yes : no)
    case (.literal, _): try compare(comparison.turned, right, left, yes, no, unknown)
    case (_, .literal(let literal)):
      try evaluate(left, 0, unknown)
      jump(if: .r0, comparison.jump, to: literal.bits, yes)
      code.jump(to: no)
    default:
      try evaluate(left, 0, unknown)
      code.emit(.store(.r0, to: .r10, Frame.numbers, size: .doubleWord))
      try evaluate(right, 1, unknown)
      code.emit(.load(.r1, from: .r10, Frame.numbers, size: .doubleWord))
      code.jump(to: yes, if: .r1, comparison.jump, .r0)
      code.jump(to: no)
    }
  }

  mutating func compile(
    _ number: Number, isIn members: Set<Number.Literal>, _ yes: Label, _ no: Label, _ unknown: Label
  ) throws(CompileProblem) {
    let values = members.filter { !$0.isSigned }.map(\.bits).sorted()
    try evaluate(number, 0, unknown)
    if values.count <= Self.inlineLimit {
      for value in values { jump(if: .r0, .equal, to: value, yes) }
      code.jump(to: no)
    } else {
      code.emit(.store(.r0, to: .r10, Frame.numbers, size: .doubleWord))
      lookUp(.numbers(Set(values)), at: Frame.numbers, yes, no)
    }
  }

  /// More members than that are looked up in a map.
  static var inlineLimit: Int { 8 }

  /// Looks a key on the stack up.
  mutating func lookUp(_ map: CompiledMap, at offset: Int16, _ yes: Label, _ no: Label) {
    loadMap(.r1, map)
    code.emit(.move(.r2, .r10), .add(.r2, .immediate(Int32(offset))), .call(.mapLookupElement))
    code.jump(to: yes, if: .r0, .notEqual, 0)
    code.jump(to: no)
  }

  /// Leaves a number in r0.
  ///
  /// - Parameter depth: how many numbers are put aside already.
  private mutating func evaluate(_ number: Number, _ depth: Int, _ unknown: Label) throws(CompileProblem) {
    switch number {
    case .literal(let literal): code.emit(Instruction.loadWide(.r0, literal.bits))
    case .field(let place):
      guard place.scope == .event else { throw CompileProblem("the kernel cannot ask about ancestors yet") }
      try load(place, unknown)
    case .arithmetic(let operation, let left, let right, isSigned: false):
      guard depth < Frame.numberLimit else { throw CompileProblem("the computation is nested too deep for the kernel") }
      guard let (instruction, isShift) = operation.instruction else {
        throw CompileProblem("the kernel does not compute `\(operation.rawValue)`")
      }
      let aside = Frame.numbers - 8 * Int16(depth)
      if isShift {
        guard case .literal(let count) = right else { throw CompileProblem("the kernel shifts by constants only") }
        try evaluate(left, depth, unknown)
        if count.bits < 64 {
          code.emit(.arithmetic(instruction, .r0, .immediate(Int32(count.bits))))
        } else {
          code.emit(.move(.r0, 0))
        }
        return
      }
      try evaluate(left, depth, unknown)
      code.emit(.store(.r0, to: .r10, aside, size: .doubleWord))
      try evaluate(right, depth + 1, unknown)
      code.emit(
        .move(.r1, .r0), .load(.r0, from: .r10, aside, size: .doubleWord), .arithmetic(instruction, .r0, .r1))
    case .arithmetic, .negated: throw CompileProblem("the kernel computes with numbers of type uint only")
    case .count(let place): throw unavailable(place)
    }
  }

  private mutating func load(
    _ place: MeropsExpression.Operand.Place, _ unknown: Label
  ) throws(CompileProblem) {
    switch place.field {
    case hook.fields?.port: code.emit(.load(.r0, from: .r10, Frame.port, size: .doubleWord))
    case let field where hook.security?.arguments[field] != nil:
      guard loadArgument(field, unknown) else { throw unavailable(place) }
    case .processID: code.emit(.call(.getCurrentPIDTGID), .arithmetic(.shiftRight, .r0, 32))
    case .processCgroup: code.emit(.call(.getCurrentCgroupID))
    case .processExecutableInode:
      code.jump(to: unknown, if: .r7, .equal, 0)
      code.emit(.load(.r0, from: .r7, ProcessLayout.inode, size: .doubleWord))
    default:
      guard let path = compiler.layout.paths[place.field] else {
        guard isKnownElsewhere(place.field) else { throw unavailable(place) }
        return code.jump(to: unknown)
      }
      code.emit(.call(.getCurrentTask))
      follow(path, unknown)
    }
  }

  /// Leaves in r0 the number that a path leads to from the address in r0.
  mutating func follow(_ path: KernelLayout.Path, _ unknown: Label) {
    // The buffer is zeroed first: a number of four bytes fills half of it.
    for (index, offset) in path.offsets.enumerated() {
      let size = index == path.offsets.count - 1 ? path.size : 8
      code.emit(
        .store(0, to: .r10, Frame.buffer, size: .doubleWord), .move(.r3, .r0), .add(.r3, .immediate(Int32(offset))),
        .move(.r1, .r10), .add(.r1, .immediate(Int32(Frame.buffer))), .move(.r2, .immediate(Int32(size))),
        .call(.probeReadKernel))
      code.jump(to: unknown, if: .r0, .notEqual, 0)
      code.emit(.load(.r0, from: .r10, Frame.buffer, size: .doubleWord))
    }
  }

  /// Leaves in r0 a number that the hook's arguments lead to.
  ///
  /// - Returns: false, emitting nothing, where this kernel does not have it.
  mutating func loadArgument(_ field: Field, _ unknown: Label) -> Bool {
    guard let argument = hook.security?.arguments[field] else { return false }
    let load = Instruction.load(.r0, from: .r6, 8 * Int16(argument.index), size: .doubleWord)
    if argument.members.isEmpty {
      code.emit(load, .move(.r0, .r0, width: .bits32))
    } else {
      guard let path = compiler.layout.arguments[hook]?[field] else { return false }
      code.emit(load)
      follow(path, unknown)
    }
    if let mask = argument.mask { code.emit(.arithmetic(.and, .r0, .immediate(mask))) }
    if field == .fileDevice { userDevice() }
    return true
  }

  /// Makes of the kernel's device number in r0 what stat(2) says: minor numbers stand on both sides of the major one.
  private mutating func userDevice() {
    code.emit(
      .move(.r1, .r0), .arithmetic(.shiftRight, .r1, 20), .arithmetic(.shiftLeft, .r1, 8),
      .move(.r2, .r0), .arithmetic(.and, .r2, 0xff), .arithmetic(.or, .r1, .r2),
      .arithmetic(.and, .r0, 0xfff00), .arithmetic(.shiftLeft, .r0, 12), .arithmetic(.or, .r0, .r1))
  }

  /// Whether a file is opened for writing, or emptied by opening it.
  mutating func jumpIfWritten(to label: Label, unknown: Label) throws(CompileProblem) {
    guard loadArgument(.fileFlags, unknown) else { throw CompileProblem("this kernel's `struct file` has no flags") }
    // O_WRONLY, O_RDWR, O_TRUNC
    code.jump(to: label, if: .r0, .anyBit, 0x203)
  }
}

extension Comparison {
  /// What it is with its operands exchanged.
  fileprivate var turned: Comparison {
    switch self {
    case .equal, .notEqual: self
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    }
  }

  fileprivate var jump: JumpOperation {
    switch self {
    case .equal: .equal
    case .notEqual: .notEqual
    case .less: .less
    case .lessOrEqual: .lessOrEqual
    case .greater: .greater
    case .greaterOrEqual: .greaterOrEqual
    }
  }

  fileprivate func holds(_ isLess: Bool, _ isEqual: Bool) -> Bool {
    switch self {
    case .equal: isEqual
    case .notEqual: !isEqual
    case .less: isLess
    case .lessOrEqual: isLess || isEqual
    case .greater: !isLess && !isEqual
    case .greaterOrEqual: !isLess
    }
  }
}

extension Arithmetic {
  /// The instruction that does it, and whether it is a shift. Those of eBPF are what the language means.
  fileprivate var instruction: (ArithmeticOperation, isShift: Bool)? {
    switch self {
    case .add: (.add, false)
    case .subtract: (.subtract, false)
    case .multiply: (.multiply, false)
    case .divide: (.divide, false)
    case .remainder: (.modulo, false)
    case .bitAnd: (.and, false)
    case .bitOr: (.or, false)
    case .bitXor: (.xor, false)
    case .shiftLeft: (.shiftLeft, true)
    case .shiftRight: (.shiftRight, true)
    }
  }
}
