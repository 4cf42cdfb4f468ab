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
  static let names: Set<String> = {
    let text = (try? String(contentsOfFile: "/proc/kallsyms", encoding: .utf8)) ?? ""
    var names: Set<String> = []
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
      if fields.count == 3 { names.insert(String(Substring(fields[2].prefix { $0 != UInt8(ascii: "\t") }))) }
    }
    return names
  }()
}
