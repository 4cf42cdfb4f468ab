// SPDX-License-Identifier: Apache-2.0

/// Why a program could not be run, or not to its end.
public struct InterpreterError: Error, Sendable, CustomStringConvertible {
  public enum Code: Hashable, Sendable {
    /// The object has no program, map, variable or extern of this name.
    case notFound
    /// The program's slots are malformed, or its object is.
    case invalidProgram
    /// A load, store or helper touched memory that is not the program's.
    case badAccess
    /// An instruction that cannot be run was reached: malformed, unresolved, or behind a failed CO-RE relocation.
    case invalidInstruction
    /// More instructions were run than ``Interpreter/instructionLimit`` allows.
    case tooManyInstructions
    /// More than eight frames of subprograms and callbacks.
    case callTooDeep
    /// A helper or kernel function that the interpreter does not have, and the caller did not add.
    case unknownFunction
    /// A helper was called with arguments that it rejects where the verifier would.
    case badArgument
    /// The program ended while it held a ring record or a lock.
    case unreleased
    /// A value has not the size that the map or variable has.
    case sizeMismatch
    /// A map rejected what was asked: it is full, the key is there already or is not there.
    case mapRefused
    /// A kind of map, program or context that the interpreter does not have.
    case unsupported
    /// The interpreter's memory is used up.
    case outOfMemory
  }

  public var code: Code
  /// The program, if one was running or made ready.
  public var program: String?
  /// The slot that was being run, counted from the start of the program with its subprograms.
  public var instruction: Int?
  /// That instruction in words, as "r1 = *(u8 *)(r2 + 14)".
  public var instructionText: String?
  /// Where it comes from, if the object holds line information.
  public var source: SourceLocation?
  /// What went wrong, and where it helps, what to do.
  public var message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String {
    var text = ""
    if let program { text += "program \(program)" }
    if let instruction {
      text += text.isEmpty ? "instruction \(instruction)" : ", instruction \(instruction)"
      if let instructionText { text += " (\(instructionText))" }
    }
    text += text.isEmpty ? message : ": \(message)"
    if let source { text += "\n  at \(source)" }
    return text
  }

  func within(_ program: String) -> InterpreterError {
    var error = self
    if error.program == nil { error.program = program }
    return error
  }
}

/// A line of a program's source.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
  public var file: String
  /// Counted from 1.
  public var line: Int
  /// Counted from 1; 0 if unknown.
  public var column: Int
  /// The line itself, as the compiler kept it.
  public var text: String

  public var description: String {
    "\(file):\(line)" + (column > 0 ? ":\(column)" : "") + (text.isEmpty ? "" : ": \(text)")
  }
}
