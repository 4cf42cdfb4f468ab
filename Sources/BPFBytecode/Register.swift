// SPDX-License-Identifier: Apache-2.0

/// One of the eleven registers of the machine: `r0` to `r9`, and the read-only frame pointer `r10`.
///
/// By convention `r0` carries results, `r1` to `r5` arguments (lost in a call), `r6` to `r9` survive calls.
/// An encoded register has four bits, so values up to 15 can occur in hostile input; see `isValid`.
///
/// Source: RFC 9669 §2.
@frozen
public struct Register: RawRepresentable, Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
  public var rawValue: UInt8

  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let r0 = Register(rawValue: 0)
  public static let r1 = Register(rawValue: 1)
  public static let r2 = Register(rawValue: 2)
  public static let r3 = Register(rawValue: 3)
  public static let r4 = Register(rawValue: 4)
  public static let r5 = Register(rawValue: 5)
  public static let r6 = Register(rawValue: 6)
  public static let r7 = Register(rawValue: 7)
  public static let r8 = Register(rawValue: 8)
  public static let r9 = Register(rawValue: 9)
  /// The frame pointer: the end of the 512-byte stack frame. Read-only.
  public static let r10 = Register(rawValue: 10)

  @inlinable public var isValid: Bool { rawValue <= 10 }

  public var description: String { "r\(rawValue)" }
}
