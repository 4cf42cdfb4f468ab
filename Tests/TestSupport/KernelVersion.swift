// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A kernel's version as `uname -r` begins: `6.1.0-56-cloud-amd64` is 6.1.0.
public struct KernelVersion: Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  public var major: Int
  public var minor: Int
  public var patch: Int

  public init(stringLiteral text: String) {
    let numbers = text.prefix { $0.isNumber || $0 == "." }.split(separator: ".").map { Int($0) ?? 0 }
    (major, minor, patch) = (
      numbers.first ?? 0, numbers.count > 1 ? numbers[1] : 0, numbers.count > 2 ? numbers[2] : 0
    )
  }

  /// The kernel that runs the tests.
  public static let running = KernelVersion(stringLiteral: runningRelease)

  /// `uname -r`.
  public static let runningRelease: String = {
    var name = utsname()
    uname(&name)
    return withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }()

  public static func < (left: KernelVersion, right: KernelVersion) -> Bool {
    (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
  }

  public var description: String { patch == 0 ? "\(major).\(minor)" : "\(major).\(minor).\(patch)" }
}
