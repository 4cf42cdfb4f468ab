// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A kernel's upstream version.
public struct KernelRelease: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var major: Int
  public var minor: Int
  public var patch: Int

  public init(_ major: Int, _ minor: Int, _ patch: Int = 0) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  /// Reads `6.1`, `6.1.192` or `6.1.192-anything`.
  public init?(parsing text: some StringProtocol) {
    let numbers = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      .split(separator: ".", omittingEmptySubsequences: false)
    guard numbers.count >= 2, let major = Int(numbers[0]), let minor = Int(numbers[1]) else { return nil }
    self.init(major, minor, numbers.count > 2 ? Int(numbers[2]) ?? 0 : 0)
  }

  /// The version behind what a distribution calls its kernel.
  ///
  /// Debian's release (`6.1.0-25-amd64`) hides the patch level, its version string (`... Debian 6.1.106-3 ...`) has it.
  /// Ubuntu keeps it in /proc/version_signature, as the last word.
  ///
  /// - Parameters:
  ///   - release: `uname -r`.
  ///   - version: `uname -v`.
  ///   - signature: /proc/version_signature, where it exists.
  public init?(release: String, version: String, signature: String? = nil) {
    if let word = signature?.split(separator: " ").last, let parsed = KernelRelease(parsing: word) {
      self = parsed
      return
    }
    let words = version.split(separator: " ")
    if let debian = words.firstIndex(of: "Debian"), debian + 1 < words.endIndex,
      let parsed = KernelRelease(parsing: words[debian + 1])
    {
      self = parsed
      return
    }
    self.init(parsing: release)
  }

  /// The running kernel. 0.0.0 where it does not say, so that nothing is claimed of it.
  public static let current: KernelRelease = {
    let names = KernelName.current
    let signature = try? SystemFile.text("/proc/version_signature")
    return KernelRelease(release: names.release, version: names.version, signature: signature) ?? KernelRelease(0, 0)
  }()

  /// `LINUX_VERSION_CODE`, which kernels before 5.0 compare for kprobe programs.
  public var code: UInt32 {
    UInt32(truncatingIfNeeded: major) << 16 | UInt32(truncatingIfNeeded: minor) << 8 | UInt32(min(max(patch, 0), 255))
  }

  public var description: String { "\(major).\(minor).\(patch)" }

  public static func < (left: KernelRelease, right: KernelRelease) -> Bool {
    (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
  }
}

/// What uname(2) says.
public struct KernelName: Sendable, Hashable {
  public var release: String
  public var version: String
  /// `x86_64`, `aarch64`.
  public var machine: String

  public static let current: KernelName = {
    var name = utsname()
    uname(&name)
    func field<Bytes>(_ bytes: Bytes) -> String { withUnsafeBytes(of: bytes) { text($0) } }
    return KernelName(release: field(name.release), version: field(name.version), machine: field(name.machine))
  }()
}
