// SPDX-License-Identifier: Apache-2.0

import BTF

/// How types are spelled in Swift.
public struct SwiftStyle: Sendable {
  /// Who may use what is printed.
  public enum Access: String, Sendable, CaseIterable {
    case `internal`, package, `public`

    /// The modifier with the space that follows it; empty for what is Swift's default.
    public var modifier: String { self == .internal ? "" : rawValue + " " }
  }

  /// A Swift type that stands for another of the same layout.
  public struct Substitute: Hashable, Sendable {
    public var name: String
    /// An expression for the value of zeroes; `btfZero()` is one for any type.
    public var zero: String
    /// Bytes, of which a type must be to be this one; nil for any.
    public var size: Int?

    public init(_ name: String, zero: String, size: Int?) {
      self.name = name
      self.zero = zero
      self.size = size
    }
  }

  public var access = Access.public
  /// Whether names become Swift's: `struct exec_event` is `ExecEvent`, `argument_count` is `argumentCount`, the constants
  /// of an enumeration lose what all of them start with, and one that is made of single bits is an `OptionSet`.
  public var convertsNames = false
  /// The type in an extension of which the definitions stand; nil for none.
  public var container: String?
  /// Names that no type may get.
  public var reserved: Set<String> = []
  /// Swift types for C types, by `struct NAME` or the typedef's name.
  public var substitutes: [String: Substitute] = [:]
  /// Whether an array of `char` is an array of bytes with a string beside it.
  public var hasText = false
  /// What a type with a flexible array conforms to, having `Tail` and `tailOffset`; nil for a static function.
  public var flexibleProtocol: String?

  public init() {}

  func typeName(_ name: String) -> String {
    convertsNames ? Self.typeName(name) : name
  }

  func memberName(_ name: String) -> String {
    convertsNames ? Self.memberName(name) : name
  }

  /// `argument_count` for `argument` and `count`; nothing is left of a name without letters and digits.
  private static func words(_ name: String) -> [Substring] {
    CIdentifier.decoded(name).split { !($0.isLetter || $0.isASCII && $0.isNumber) }
  }

  /// The name of a type: `exec_event` is `ExecEvent`, `counter_t` is `Counter`.
  public static func typeName(_ name: String) -> String {
    var words = words(name)
    if words.count > 1, words.last == "t" { words.removeLast() }
    let isShouting = !name.contains { $0.isLowercase }
    let text = words.map { upper($0, isShouting) }.joined()
    return text.isEmpty ? name : text
  }

  /// The name of a property: `argument_count` is `argumentCount`, `FILE_CUT` is `fileCut`, `IPAddress` is `ipAddress`.
  public static func memberName(_ name: String) -> String {
    let words = words(name)
    guard let first = words.first else { return name }
    let isShouting = !name.contains { $0.isLowercase }
    return lower(first) + words.dropFirst().map { upper($0, isShouting) }.joined()
  }

  private static func upper(_ word: Substring, _ isShouting: Bool) -> String {
    word.prefix(1).uppercased() + (isShouting ? word.dropFirst().lowercased() : String(word.dropFirst()))
  }

  private static func lower(_ word: Substring) -> String {
    let capitals = word.prefix { $0.isUppercase }.count
    // The last capital starts the next word, if small letters follow it.
    let follows = word.dropFirst(capitals).first?.isLowercase ?? false
    let count = capitals > 1 && follows ? capitals - 1 : capitals
    return word.prefix(count).lowercased() + word.dropFirst(count)
  }

  /// What all names start with, up to an underscore, if every name has a letter after it.
  static func sharedPrefix(_ names: [String]) -> Int {
    guard names.count > 1, let first = names.first else { return 0 }
    var length = first.count
    for name in names { length = zip(first.prefix(length), name).prefix { $0 == $1 }.count }
    guard let end = first.prefix(length).lastIndex(of: "_") else { return 0 }
    let count = first.distance(from: first.startIndex, to: end) + 1
    return names.allSatisfy { $0.dropFirst(count).first?.isLetter ?? false } ? count : 0
  }
}
