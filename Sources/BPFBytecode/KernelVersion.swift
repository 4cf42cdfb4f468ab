// SPDX-License-Identifier: Apache-2.0

/// A kernel release's first two numbers, as in "needs Linux 5.8".
public struct KernelVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
  public var major: UInt8
  public var minor: UInt8

  public init(_ major: UInt8, _ minor: UInt8) {
    self.major = major
    self.minor = minor
  }

  public static func < (a: KernelVersion, b: KernelVersion) -> Bool { (a.major, a.minor) < (b.major, b.minor) }

  public var description: String { "\(major).\(minor)" }
}
