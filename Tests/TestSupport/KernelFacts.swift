// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The options that the running kernel was built with.
enum KernelConfig {
  static func isSet(_ option: String) -> Bool { options.contains(option) }

  private static let options: Set<String> = {
    var text = try? String(contentsOfFile: "/boot/config-\(KernelVersion.runningRelease)", encoding: .utf8)
    if text == nil { text = try? Shell.run(["zcat", "/proc/config.gz"]).output }
    var options: Set<String> = []
    for line in (text ?? "").split(separator: "\n") where line.hasPrefix("CONFIG_") {
      let parts = line.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, parts[1] == "y" || parts[1] == "m" else { continue }
      options.insert(String(parts[0].dropFirst("CONFIG_".count)))
    }
    return options
  }()
}

/// The names in `/proc/kallsyms`.
enum KernelSymbols {
  /// Whether a name is there. The two hundred thousand lines are searched, not parsed.
  static func has(_ name: String) -> Bool {
    ["\n", "\t"].contains { text.range(of: Data(" \(name)\($0)".utf8)) != nil }
  }

  private static let text = (try? Data(contentsOf: URL(filePath: "/proc/kallsyms"))) ?? Data()
}
