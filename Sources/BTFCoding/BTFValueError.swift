// SPDX-License-Identifier: Apache-2.0

/// Why bytes could not be read as a type, or a value not be written as one; with the path of the member.
public struct BTFValueError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Code: Hashable, Sendable {
    /// The type has no values (`void`, a function), or is not there.
    case notAValue(String)
    /// The type contains itself, nests too deep, or has more members than any real type.
    case hostileType(String)
    /// Fewer bytes than the type has.
    case tooShort(needed: Int, given: Int)
    /// More values than any real record has.
    case tooManyValues
    /// The value is of another kind than the type.
    case mismatch(expected: String, given: String)
    /// The number does not fit.
    case outOfRange(String, type: String)
    /// No member, or no enumerator, of this name.
    case unknownName(String, known: [String])
    /// More elements, or longer text, than the array holds.
    case tooLong(given: Int, limit: Int)
    /// A member given twice, or two views of a union that disagree.
    case conflict
    /// Not JSON.
    case json(offset: Int, String)
    /// Not `name=value` text.
    case text(String)
  }

  public var code: Code
  /// The member, as in C: `task.comm[3]`. Empty for the value as a whole.
  public var path: String

  public init(_ code: Code, path: String = "") {
    self.code = code
    self.path = path
  }

  /// The same error, seen from the structure or array that holds the member.
  func inside(_ component: String) -> BTFValueError {
    let separator = path.isEmpty || path.hasPrefix("[") ? "" : "."
    return BTFValueError(code, path: component + separator + path)
  }

  public var description: String { path.isEmpty ? reason : "\(path): \(reason)" }

  private var reason: String {
    switch code {
    case .notAValue(let type): "\(type) has no values"
    case .hostileType(let why): "the type cannot be real: \(why)"
    case .tooShort(let needed, let given): "\(needed) bytes are needed, \(given) were given"
    case .tooManyValues: "more values than any real record has"
    case .mismatch(let expected, let given): "\(expected) is expected, not \(given)"
    case .outOfRange(let number, let type): "\(number) does not fit in \(type)"
    case .unknownName(let name, let known): "there is no '\(name)'; known are \(Self.list(known))"
    case .tooLong(let given, let limit): "\(given) elements are given, \(limit) fit"
    case .conflict: "given twice, with different values"
    case .json(let offset, let message): "not JSON, at byte \(offset): \(message)"
    case .text(let message): message
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
    return names.isEmpty ? "none" : names.count > 12 ? shown + " and \(names.count - 12) more" : shown
  }
}
