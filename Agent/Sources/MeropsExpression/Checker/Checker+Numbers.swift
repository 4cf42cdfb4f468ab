// SPDX-License-Identifier: Apache-2.0

import MeropsModel

// Numbers.
extension Checker {
  func negated(_ operand: Syntax, _ range: Range<Int>) throws(ExpressionError) -> Term {
    // -9223372036854775808 has no positive counterpart.
    if case .int(let value) = operand.kind {
      guard value <= UInt64(Int64.max) + 1 else {
        throw ExpressionError("the number is less than an int may be", range)
      }
      return .number(.literal(.init(bits: 0 &- value, isSigned: true)), .int)
    }
    guard case .number(let number, let type) = try term(operand) else {
      throw ExpressionError("`-` wants a number", operand.range)
    }
    guard type == .int else {
      throw ExpressionError("a uint cannot be negative", range, hint: "`int(x)` makes an int of it")
    }
    return .number(.negated(number), .int)
  }

  func compute(
    _ operation: Arithmetic, _ left: Syntax, _ right: Syntax
  ) throws(ExpressionError) -> Term {
    let (first, firstType) = try operand(left, operation)
    let (second, secondType) = try operand(right, operation)
    // A literal is of the type that the other operand wants.
    var type = firstType
    if firstType != secondType {
      if case .literal(let literal) = second, !literal.isSigned {
        type = firstType
      } else if case .literal(let literal) = first, !literal.isSigned {
        type = secondType
      } else {
        throw ExpressionError(
          "an int and a uint cannot be operands of one `\(operation.rawValue)`",
          left.range.lowerBound..<right.range.upperBound, hint: "`int(x)` and `uint(x)` convert")
      }
    }
    return .number(.arithmetic(operation, first, second, isSigned: type == .int), type)
  }

  func operand(
    _ syntax: Syntax, _ operation: Arithmetic
  ) throws(ExpressionError) -> (Number, ValueType) {
    switch try term(syntax) {
    case .number(let number, let type): return (number, type)
    case let term:
      throw ExpressionError("`\(operation.rawValue)` wants numbers, and this is \(term.description)", syntax.range)
    }
  }
}
