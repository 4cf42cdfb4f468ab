// SPDX-License-Identifier: Apache-2.0

/// Why BTF could not be read, followed or built.
public struct BTFError: Error, Hashable, Sendable {
  public enum Code: Hashable, Sendable {
    /// The bytes end inside a header, section or record.
    case truncated
    /// The first two bytes are not BTF's magic number, 0xEB9F.
    case badMagic
    /// A version other than 1.
    case unsupportedVersion
    /// A header whose lengths or offsets contradict each other or the file.
    case badHeader
    /// Split BTF that was read without the BTF that it continues.
    case needsBase
    /// A record of a kind that is neither known nor described by the layout section.
    case unknownKind
    /// A name that starts outside the string section.
    case badName
    /// A type id that no record has.
    case badType
    /// Types that refer to or contain each other without end, or deeper than any real program nests them.
    case endless
    /// A type without a size: `void`, a function, a forward declaration.
    case noSize
    /// A size or count beyond what the format or the machine can hold.
    case tooLarge
  }

  public var code: Code
  /// The byte of the BTF (or `.BTF.ext`) at which the fault lies.
  public var offset: Int
  /// What was found there.
  public var detail: String

  public init(_ code: Code, at offset: Int, _ detail: String) {
    self.code = code
    self.offset = offset
    self.detail = detail
  }
}

extension BTFError: CustomStringConvertible {
  public var description: String { "BTF at byte \(offset): \(detail)" }
}
