// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// A checked condition: each name is known, each operation has operands of its types, and nothing in it is unbounded.
public indirect enum Condition: Hashable, Sendable {
  case constant(Bool)
  /// A field of type `bool`.
  case field(Operand.Place)
  case has(Operand.Place)
  case not(Condition)
  /// No operand is false.
  case all([Condition])
  /// An operand is true.
  case any([Condition])
  case numbers(Comparison, Number, Number)
  case texts(Comparison, Operand, Operand)
  case addresses(Operand.Place, isIn: [AddressBlock])
  case text(TextTest, Operand)
  case numberIsIn(Number, Set<Number.Literal>)
  case textIsIn(Operand, Set<[UInt8]>)
  /// Some, or each, of the process's ancestors meets a condition, whose places are of ``Scope/ancestor``.
  case ancestors(Quantifier, Condition)
  /// Some, or each, text of a list meets a condition, whose ``Operand/item`` it is.
  case items(Quantifier, Operand.Place, Condition)
}

public enum Quantifier: Hashable, Sendable {
  case some
  case every
}

public enum Comparison: String, Hashable, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
}

/// Whose field it is.
public enum Scope: Hashable, Sendable {
  /// The event's, or that of the process that did it.
  case event
  /// That of the ancestor which a quantifier looks at.
  case ancestor
}

/// A text.
public indirect enum Operand: Hashable, Sendable {
  /// A field, and whose.
  public struct Place: Hashable, Sendable {
    public var scope: Scope
    public var field: Field
  }

  case literal([UInt8])
  case field(Place)
  /// A text of a list, counted from 0.
  case element(Place, Int)
  /// The text that a quantifier looks at.
  case item
  /// The texts of a list as one, with this between them.
  case joined(Place, [UInt8])
  /// A text with `a` to `z` in place of `A` to `Z`.
  case lowered(Operand)
}

/// A number of 64 bits.
public indirect enum Number: Hashable, Sendable {
  /// A number with its sign: `int` and `uint` of the same value are equal.
  public struct Literal: Hashable, Sendable {
    public var bits: UInt64
    public var isSigned: Bool

    /// The same value in one form: negative numbers alone are signed.
    public init(bits: UInt64, isSigned: Bool) {
      self.bits = bits
      self.isSigned = isSigned && Int64(bitPattern: bits) < 0
    }
  }

  case literal(Literal)
  case field(Operand.Place)
  /// How many texts a list has.
  case count(Operand.Place)
  /// Two operands of one type, and whether that is `int`.
  case arithmetic(Arithmetic, Number, Number, isSigned: Bool)
  case negated(Number)
}

/// What can be computed. Sums, differences and products wrap; division by zero gives zero, the remainder of it the
/// dividend, as eBPF's instructions define it (RFC 9669). A shift by 64 bits or more gives zero, as in CEL, and one to the
/// right does not keep the sign.
public enum Arithmetic: String, Hashable, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case remainder = "%"
  case bitAnd = "math.bitAnd"
  case bitOr = "math.bitOr"
  case bitXor = "math.bitXor"
  case shiftLeft = "math.bitShiftLeft"
  case shiftRight = "math.bitShiftRight"
}

/// What is asked of one text.
public enum TextTest: Hashable, Sendable {
  case startsWith([UInt8])
  case endsWith([UInt8])
  case contains([UInt8])
  case glob(Glob)
}
