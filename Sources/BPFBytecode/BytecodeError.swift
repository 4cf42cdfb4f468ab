// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a program, and at which slot.
public struct BytecodeError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    // Decoding.
    /// The length in bytes is not a multiple of eight.
    case truncated(byteCount: Int)

    // Structure.
    case empty
    case unknownOpcode(UInt8)
    /// A field that this instruction does not use is not zero.
    case reservedField(String)
    /// A field holds a value that this instruction does not define.
    case invalidField(String)
    case invalidRegister(UInt8)
    case writesFramePointer
    /// The second slot of a wide load is missing or is not empty but for its immediate.
    case malformedWideLoad
    case divisionByZero
    case shiftOutOfRange(Int32)
    /// A jump or call leads to a slot outside the program.
    case targetOutOfRange(Int)
    /// A jump or call leads to the second slot of a wide load.
    case targetInsideWideLoad(Int)
    /// A jump leads into another subprogram.
    case jumpAcrossSubprograms(Int)
    /// Control runs past the end of a subprogram, whose last slot is not `exit` or `goto`.
    case fallsThrough

    // Assembly.
    case duplicateLabel(String)
    case unknownLabel(String)
    /// The label is too far for the jump's 16 bits, and the assembler may not use `gotol`.
    case labelTooFar(String, distance: Int)
  }

  public var reason: Reason
  /// The slot that is wrong, where one is.
  public var instruction: Int?

  public init(_ reason: Reason, instruction: Int? = nil) {
    self.reason = reason
    self.instruction = instruction
  }

  public var description: String {
    guard let instruction else { return reason.description }
    return "instruction \(instruction): \(reason)"
  }
}

extension BytecodeError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let byteCount): "\(byteCount) bytes are not a whole number of 8-byte instructions"
    case .empty: "the program has no instructions"
    case .unknownOpcode(let opcode): "unknown opcode 0x\(hexadecimal(opcode))"
    case .reservedField(let field): "the \(field) must be zero here"
    case .invalidField(let field): "the \(field) has a value that this instruction does not define"
    case .invalidRegister(let number): "there is no register r\(number)"
    case .writesFramePointer: "the frame pointer r10 is read-only"
    case .malformedWideLoad: "a wide load needs a second slot that is empty but for its immediate"
    case .divisionByZero: "division by the constant 0"
    case .shiftOutOfRange(let count): "a shift by \(count) bits is out of range"
    case .targetOutOfRange(let target): "target \(target) lies outside the program"
    case .targetInsideWideLoad(let target): "target \(target) is the second slot of a wide load"
    case .jumpAcrossSubprograms(let target): "a jump to \(target) leaves the subprogram; only calls may"
    case .fallsThrough: "control runs past the end of the subprogram: end it with exit or goto"
    case .duplicateLabel(let label): "label \"\(label)\" is placed twice"
    case .unknownLabel(let label): "label \"\(label)\" is never placed"
    case .labelTooFar(let label, let distance):
      "label \"\(label)\" is \(distance) instructions away, a jump reaches 32767: allow ISA v4 (Linux 6.6) or split it"
    }
  }
}

/// Two hexadecimal digits at least, without a prefix.
func hexadecimal(_ value: some BinaryInteger) -> String {
  let digits = String(value, radix: 16)
  return digits.count < 2 ? "0" + digits : digits
}
