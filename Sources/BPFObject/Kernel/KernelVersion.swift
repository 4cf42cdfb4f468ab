// SPDX-License-Identifier: Apache-2.0

/// A release of Linux, as `5.10` or `6.1.3`: the first one that has a feature.
public struct KernelVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
  public var major: UInt8
  public var minor: UInt8
  public var patch: UInt8

  public init(_ major: UInt8, _ minor: UInt8, _ patch: UInt8 = 0) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
  }

  /// `5.10`, or `5.10.3` if the patch level matters.
  public var description: String {
    patch == 0 ? "\(major).\(minor)" : "\(major).\(minor).\(patch)"
  }
}
