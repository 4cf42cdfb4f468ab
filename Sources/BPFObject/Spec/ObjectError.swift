// SPDX-License-Identifier: Apache-2.0

/// Why an object could not be understood or a program of it could not be linked.
public struct ObjectError: Error, Hashable, Sendable {
  public enum Code: Hashable, Sendable {
    /// The file is not a well-formed ELF object.
    case malformedFile
    /// The object's BTF or `.BTF.ext` is malformed, or says other things than its symbols.
    case malformedTypes
    /// A function's code or place in its section is malformed.
    case malformedProgram
    /// A map's definition is malformed.
    case malformedMap
    /// A global variable or an extern is malformed.
    case malformedVariable
    /// A relocation refers to something that is not there, or from a place that cannot be relocated.
    case badRelocation
    /// Well-formed, but nothing that this library or the kernel can load.
    case unsupported
    /// No program, map or variable has this name.
    case notFound
  }

  public var code: Code
  /// What was looked at: "map blocked_addresses", "program on_exec, instruction 12".
  public var context: String
  /// What is wrong with it, and where it helps, what to do.
  public var message: String

  public init(_ code: Code, _ context: String, _ message: String) {
    self.code = code
    self.context = context
    self.message = message
  }
}

extension ObjectError: CustomStringConvertible {
  public var description: String { context.isEmpty ? message : "\(context): \(message)" }
}
