// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import MeropsExpression
import MeropsModel

// A condition has three answers, and a rule wants one of two: "yes or unknown" where it denies, "yes" otherwise. By Kleene's
// logic `&&` is the least of its operands, `||` the greatest, and `!` turns the order round: whether an answer is at least
// "unknown", or at least "yes", is found from the operands by plain logic, with the threshold turned round below `!`.
extension HookCompiler {
  /// - Parameters:
  ///   - unknownIs: what counts for an unknown answer.
  ///   - yes: where the program goes on if the condition holds.
  ///   - no: where it goes on if not.
  mutating func compile(
    _ condition: Condition, unknownIs: Bool, yes: Label, no: Label
  ) throws(CompileProblem) {
    let unknown = unknownIs ? yes : no
    switch condition {
    case .constant(let value): code.jump(to: value ? yes : no)
    case .not(let inner): try compile(inner, unknownIs: !unknownIs, yes: no, no: yes)
    case .all(let conditions):
      for each in conditions {
        let holds = code.makeLabel("and")
        try compile(each, unknownIs: unknownIs, yes: holds, no: no)
        code.place(holds)
      }
      code.jump(to: yes)
    case .any(let conditions):
      for each in conditions {
        let fails = code.makeLabel("or")
        try compile(each, unknownIs: unknownIs, yes: yes, no: fails)
        code.place(fails)
      }
      code.jump(to: no)
    case .has(let place): try compileHas(place, yes, unknown)
    case .numbers(let comparison, let left, let right): try compare(comparison, left, right, yes, no, unknown)
    case .numberIsIn(let number, let members): try compile(number, isIn: members, yes, no, unknown)
    case .addresses(let place, let blocks): try compile(place, isIn: blocks, yes, no)
    case .texts(let comparison, .field(let place), .literal(let bytes)),
      .texts(let comparison, .literal(let bytes), .field(let place)):
      switch comparison {
      case .equal: try compile(place, isIn: [bytes], yes, no, unknown)
      case .notEqual: try compile(place, isIn: [bytes], no, yes, unknown)
      default: throw CompileProblem("the kernel does not order texts: only `==` and `!=` can be used here")
      }
    case .textIsIn(.field(let place), let texts): try compile(place, isIn: texts, yes, no, unknown)
    case .text(let test, .field(let place)): try compile(test, place, yes, no, unknown)
    case .field(let place): throw unavailable(place)
    case .ancestors: throw CompileProblem("the kernel cannot ask about ancestors yet")
    case .items(_, let place, _): throw unavailable(place)
    case .texts, .textIsIn, .text:
      throw CompileProblem("the kernel can compare a field with a constant, and no other texts")
    }
  }

  func unavailable(_ place: MeropsExpression.Operand.Place) -> CompileProblem {
    let known = (hook.knownFields).map(\.name).sorted().joined(separator: ", ")
    return CompileProblem(
      "the kernel does not know `\(place.field.name)` when it decides about `\(hook.acts[0].name)`",
      hint: "What it knows: \(known)")
  }

  private mutating func compileHas(
    _ place: MeropsExpression.Operand.Place, _ yes: Label, _ unknown: Label
  ) throws(CompileProblem) {
    guard place.scope == .event, hook.knownFields.contains(place.field) else {
      guard isKnownElsewhere(place.field) else { throw unavailable(place) }
      return code.jump(to: unknown)
    }
    if hook.paths.contains(place.field) {
      if isFilter { return code.jump(to: unknown) }
      loadAct(.r3, unknown)
    } else if hook.security?.arguments[place.field] != nil {
      _ = loadArgument(place.field, unknown)
    } else if place.field == .processExecutable || place.field == .processExecutableInode {
      code.jump(to: unknown, if: .r7, .equal, 0)
    }
    code.jump(to: yes)
  }

  /// Whether a condition asks what is kept of the process's program.
  func asksOfProgram(_ condition: Condition) -> Bool {
    condition.places.contains {
      ($0.field == .processExecutable || $0.field == .processExecutableInode) && !hook.knowsOfAct($0.field)
    }
  }

  /// Whether another hook that decides about the same act knows a field: here it is unknown.
  func isKnownElsewhere(_ field: Field) -> Bool {
    PolicyHook.allCases.contains { !Set($0.acts).isDisjoint(with: hook.acts) && $0.knownFields.contains(field) }
  }

  /// Leaves in a register where the paths of the act are.
  mutating func loadAct(_ register: Register, _ unknown: Label) {
    code.emit(.load(register, from: .r10, Frame.act, size: .doubleWord))
    code.jump(to: unknown, if: register, .equal, 0)
  }
}

extension PolicyHook {
  /// What a condition can ask here.
  var knownFields: [Field] {
    let ofProcess: [Field] = [
      .eventKind, .processID, .processExecutable, .processExecutableInode, .processCgroup,
    ]
    let ofAct = fields.map { [$0.address, $0.port, .networkTransport] } ?? []
    let ofArguments = paths + (security.map { Array($0.arguments.keys) } ?? [])
    return ofProcess + ofAct + ofArguments.filter { !ofProcess.contains($0) } + KernelLayout.members.keys
  }

  /// The paths that are written before rules are asked.
  var paths: [Field] { security?.paths ?? [] }

  /// Whether a field is found by the hook's arguments.
  func knowsOfAct(_ field: Field) -> Bool { paths.contains(field) || security?.arguments[field] != nil }
}

extension Condition {
  /// Whether the kernel may not know the answer.
  var canBeUnknown: Bool { places.contains { Self.kernelMayNotKnow($0.field) } }

  static func kernelMayNotKnow(_ field: Field) -> Bool { field != .eventKind && !contextFields.contains(field) }

  private static let contextFields: Set<Field> = [
    .destinationAddress, .destinationPort, .sourceAddress, .sourcePort, .networkTransport, .processID, .processCgroup,
  ]
}
