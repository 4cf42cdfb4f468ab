// SPDX-License-Identifier: Apache-2.0

public import BTF

/// A CO-RE relocation that cannot be carried out, neither by a value nor by poisoning the instruction.
public struct COREError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Error, Hashable, Sendable {
    /// The record's access string does not lead from its type to a field or enumerator.
    case malformedAccess(String)
    /// BTF that is broken, the object's or the kernel's.
    case types(BTFError)
    /// Types nested deeper than 64 levels, or so entangled that the search was given up.
    case tooComplex
    /// Only types with names can be looked up in the kernel.
    case anonymousType
    /// Two of the kernel's types fit and lead to different values.
    case ambiguous(COREBinding, COREBinding)
    /// What the record asks for does not exist for this field.
    case unsupported(String)
    /// The record lies outside the program.
    case outsideProgram
    /// CO-RE cannot patch this instruction.
    case unexpectedInstruction(String)
    /// The instruction does not hold the value that the object's own types give.
    case unexpectedValue(found: Int64, expected: Int64)
    /// A field beyond what a load's or store's 16-bit offset reaches.
    case offsetOutOfRange(UInt64)
    /// A load or store of so many bytes, of a field of another size.
    case unexpectedSize(access: Int, field: Int)
    /// A field whose size no load or store has.
    case unsupportedSize(Int)
    /// The types of the kernel's modules could not be had.
    case modules(String)
  }

  public var reason: Reason
  public var program: String
  /// Slot in the program.
  public var instruction: Int
  /// What the relocation asks for, such as "task_struct.tgid (field offset)".
  public var subject: String

  public init(_ reason: Reason, program: String, instruction: Int, subject: String) {
    self.reason = reason
    self.program = program
    self.instruction = instruction
    self.subject = subject
  }

  public var description: String {
    "relocating \(subject) at instruction \(instruction) in program \(program): \(reason)"
  }
}

extension COREError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .malformedAccess(let access):
      "the access \"\(access)\" does not fit the object's own types: the object is broken, compile it again"
    case .types(let error): "\(error)"
    case .tooComplex: "the types are nested too deeply"
    case .anonymousType: "the type has no name to find it by in the kernel: give it one"
    case .ambiguous(let a, let b):
      "two types of the kernel fit and differ: \(a) and \(b); define a flavor with only the fields of the one you mean"
    case .unsupported(let what): what
    case .outsideProgram: "the program has no such instruction: the object is broken, compile it again"
    case .unexpectedInstruction(let text): "cannot patch \"\(text)\""
    case .unexpectedValue(let found, let expected):
      "the instruction holds \(found), not \(expected) as the object's own types say: compile it again"
    case .offsetOutOfRange(let offset):
      "the field lies at byte \(offset), beyond the 32767 that a load reaches: read it with bpf_core_read()"
    case .unexpectedSize(let access, let field):
      "an access of \(access) bytes to a field of \(field) has no counterpart here: read the field as it is declared"
    case .unsupportedSize(let size):
      "the kernel's field has \(size) bytes, which no load has: read it with bpf_core_read()"
    case .modules(let why): "the types of the kernel's modules could not be read: \(why)"
    }
  }
}

/// A type of the kernel that a relocation was bound to, and the value that follows.
public struct COREBinding: Hashable, Sendable, CustomStringConvertible {
  /// The path in the kernel's type, such as "task_struct.tgid".
  public var path: String
  /// Id in the kernel's (or its module's) BTF.
  public var type: TypeID
  /// The relocation's value; nil if this type gives none.
  public var value: UInt64?

  public init(path: String, type: TypeID, value: UInt64?) {
    self.path = path
    self.type = type
    self.value = value
  }

  public var description: String {
    "\(path) of type \(type)" + (value.map { ", value \(Int64(bitPattern: $0))" } ?? ", no value")
  }
}
