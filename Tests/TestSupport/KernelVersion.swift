import Glibc

// SPDX-License-Identifier: Apache-2.0
@_exported public import struct BPFValues.KernelVersion

extension KernelVersion: ExpressibleByStringLiteral {
  /// A kernel's version as `uname -r` begins: `6.1.0-56-cloud-amd64` is 6.1.0.
  public init(stringLiteral text: String) { self = KernelVersion(text) ?? KernelVersion(0, 0) }

  /// The kernel that runs the tests.
  public static let running = KernelVersion(stringLiteral: runningRelease)

  /// `uname -r`.
  public static let runningRelease: String = {
    var name = utsname()
    uname(&name)
    return withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }()
}
