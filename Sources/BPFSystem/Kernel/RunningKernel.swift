// SPDX-License-Identifier: Apache-2.0
package import BPFValues
import Glibc

extension KernelVersion {
  /// The upstream version behind what a distribution calls its kernel.
  ///
  /// Debian's release (`6.1.0-25-amd64`) hides the patch level, its version string (`... Debian 6.1.106-3 ...`) has it.
  /// Ubuntu keeps it in /proc/version_signature, as the last word.
  ///
  /// - Parameters:
  ///   - release: `uname -r`.
  ///   - version: `uname -v`.
  ///   - signature: /proc/version_signature, where it exists.
  package init?(release: String, version: String, signature: String? = nil) {
    if let word = signature?.split(separator: " ").last, let parsed = KernelVersion(word) {
      self = parsed
      return
    }
    let words = version.split(separator: " ")
    if let debian = words.firstIndex(of: "Debian"), debian + 1 < words.endIndex,
      let parsed = KernelVersion(words[debian + 1])
    {
      self = parsed
      return
    }
    self.init(release)
  }

  /// The running kernel. 0.0 where it does not say, so that nothing is claimed of it.
  package static let current: KernelVersion = {
    let names = KernelName.current
    let signature = try? SystemFile.text("/proc/version_signature")
    return KernelVersion(release: names.release, version: names.version, signature: signature) ?? KernelVersion(0, 0)
  }()
}

/// What uname(2) says.
package struct KernelName: Sendable, Hashable {
  package var release: String
  package var version: String
  /// `x86_64`, `aarch64`.
  package var machine: String

  package static let current: KernelName = {
    var name = utsname()
    uname(&name)
    func field<Bytes>(_ bytes: Bytes) -> String { withUnsafeBytes(of: bytes) { text($0) } }
    return KernelName(release: field(name.release), version: field(name.version), machine: field(name.machine))
  }()
}
