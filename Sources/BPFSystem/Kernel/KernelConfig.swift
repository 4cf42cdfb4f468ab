// SPDX-License-Identifier: Apache-2.0
import Gzip
import SystemPackage

/// What the running kernel was built with.
package struct KernelConfig: Sendable, Hashable {
  /// Option to value, as written: `CONFIG_BPF` to `y`, `CONFIG_HZ` to `1000`, texts with their quotes.
  package let values: [String: String]

  package subscript(_ option: String) -> String? { values[option] }

  package init(parsing text: String) {
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("CONFIG_") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      values[String(line[..<equals])] = String(line[line.index(after: equals)...])
    }
    self.values = values
  }

  /// The running kernel's, read once: /proc/config.gz, or the file that the distribution put beside the kernel.
  ///
  /// - Throws: `ENOENT` when the kernel's configuration is nowhere to be found.
  package static var current: KernelConfig {
    get throws(Errno) { try cached.get() }
  }

  private static let cached: Result<KernelConfig, Errno> = Result { () throws(Errno) in
    if let file = try? SystemFile.read("/proc/config.gz"), let bytes = try? Gzip.unpack(file) {
      return KernelConfig(parsing: String(decoding: bytes, as: UTF8.self))
    }
    let release = KernelName.current.release
    for path in ["/boot/config-\(release)", "/lib/modules/\(release)/config"] {
      if let bytes = try? SystemFile.read(path) {
        return KernelConfig(parsing: String(decoding: bytes, as: UTF8.self))
      }
    }
    throw Errno.noSuchFileOrDirectory
  }
}
