// SPDX-License-Identifier: Apache-2.0

/// The number of a type in BTF. Ids count from 1 in file order; 0 is `void`.
///
/// Split BTF (a kernel module's) continues the numbering of its base.
public struct TypeID: RawRepresentable, Hashable, Sendable, Comparable, ExpressibleByIntegerLiteral {
  public var rawValue: UInt32

  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public init(integerLiteral value: UInt32) { self.rawValue = value }

  /// `void`: what a pointer to anything points to, and what a function without result returns.
  public static let void: TypeID = 0

  @inlinable public var isVoid: Bool { rawValue == 0 }

  @inlinable public static func < (a: TypeID, b: TypeID) -> Bool { a.rawValue < b.rawValue }
}

extension TypeID: Strideable {
  @inlinable public func distance(to other: TypeID) -> Int { Int(other.rawValue) - Int(rawValue) }
  /// - Precondition: the result fits the 32 bits of an id.
  @inlinable public func advanced(by n: Int) -> TypeID { TypeID(rawValue: UInt32(Int(rawValue) + n)) }
}

extension TypeID: CustomStringConvertible {
  public var description: String { "[\(rawValue)]" }
}
