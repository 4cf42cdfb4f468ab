// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// What the running kernel was built with.
public struct KernelConfig: Sendable, Hashable {
  /// Option to value, as written: `CONFIG_BPF` to `y`, `CONFIG_HZ` to `1000`, texts with their quotes.
  public let values: [String: String]

  public subscript(_ option: String) -> String? { values[option] }

  public init(parsing text: String) {
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
  public static var current: KernelConfig {
    get throws(Errno) { try cached.get() }
  }

  private static let cached: Result<KernelConfig, Errno> = Result { () throws(Errno) in
    if let bytes = try? unpack("/proc/config.gz") {
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

  /// Unpacks a gzip file with the system's gzip: no library is needed for what few programs ask for.
  private static func unpack(_ path: String) throws(Errno) -> [UInt8] {
    guard SystemFile.exists(path), let output = popen("exec gzip -dc \(path) 2>/dev/null", "re") else {
      throw Errno.noSuchFileOrDirectory
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while case let count = fread(&chunk, 1, chunk.count, output), count > 0 {
      bytes.append(contentsOf: chunk[..<count])
    }
    guard pclose(output) == 0, !bytes.isEmpty else { throw Errno.ioError }
    return bytes
  }
}
