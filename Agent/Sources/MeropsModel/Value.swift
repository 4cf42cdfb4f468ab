// SPDX-License-Identifier: Apache-2.0

/// The type of a field's value.
public enum ValueType: String, CaseIterable, Sendable {
  case bool, int, uint
  /// Bytes that are text, in whatever encoding the system uses: names of files need not be UTF-8.
  case text
  case texts
  /// An IPv4 or IPv6 address.
  case address
}

/// A field's value.
public enum Value: Hashable, Sendable {
  case bool(Bool)
  case int(Int64)
  case uint(UInt64)
  case text(Text)
  case texts([Text])
  case address(Address)

  public var type: ValueType {
    switch self {
    case .bool: .bool
    case .int: .int
    case .uint: .uint
    case .text: .text
    case .texts: .texts
    case .address: .address
    }
  }
}

/// Bytes that are text, as the kernel has them: without a closing zero, of no known encoding.
public struct Text: Hashable, Sendable {
  public var bytes: [UInt8]
  /// The kernel had more: what is here is the beginning.
  public var isCut: Bool

  public init(_ bytes: [UInt8], isCut: Bool = false) {
    self.bytes = bytes
    self.isCut = isCut
  }

  public init(_ string: String) { self.init(Array(string.utf8)) }
}

extension Text: CustomStringConvertible {
  /// The text for people: bytes that are not UTF-8 become U+FFFD, and a cut is marked.
  public var description: String { String(decoding: bytes, as: UTF8.self) + (isCut ? "…" : "") }
}

extension Text: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self.init(value) }
}
