// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// The version of a kernel: `KernelVersion(6, 12)`, as in "needs Linux 6.12".
@frozen public struct KernelVersion: Hashable, Sendable, BitwiseCopyable, Comparable {
  public var major: Int
  public var minor: Int
  public var patch: Int

  @inlinable public init(_ major: Int, _ minor: Int, _ patch: Int = 0) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  /// The version as one number (`LINUX_VERSION_CODE`), in which a patch level above 255 counts as 255.
  @inlinable public var code: UInt32 {
    UInt32(truncatingIfNeeded: major) << 16 | UInt32(truncatingIfNeeded: minor) << 8 | UInt32(clamping: min(patch, 255))
  }

  @inlinable public static func < (a: KernelVersion, b: KernelVersion) -> Bool {
    a.major != b.major ? a.major < b.major : a.minor != b.minor ? a.minor < b.minor : a.patch < b.patch
  }
}

// The kernel has no strings.
#if !hasFeature(Embedded)
  extension KernelVersion: CustomStringConvertible {
    /// Reads `6.1`, `6.1.192`, or the version at the start of `6.1.192-anything`.
    public init?(_ text: some StringProtocol) {
      let numbers = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        .split(separator: ".", omittingEmptySubsequences: false)
      guard numbers.count >= 2, let major = Int(numbers[0]), let minor = Int(numbers[1]) else { return nil }
      self.init(major, minor, numbers.count > 2 ? Int(numbers[2]) ?? 0 : 0)
    }

    /// `6.12.3`; without a patch level, `6.12`.
    public var description: String { patch == 0 ? "\(major).\(minor)" : "\(major).\(minor).\(patch)" }
  }
#endif
