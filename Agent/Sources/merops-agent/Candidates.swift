// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsModel

/// What a shell offers for the values of options.
enum Candidates {
  /// Kinds and classes of events, also behind a comma.
  static let kinds = CompletionKind.custom { _, _, prefix in
    let names = EventClass.allCases.map(\.name) + EventKind.allCases.map(\.name)
    return continued(prefix, names) { $0 == "," }
  }

  /// The names of fields, wherever one can stand in a condition.
  static let condition = CompletionKind.custom { _, _, prefix in
    continued(prefix, Field.allCases.map(\.definition.name)) { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
  }

  /// Network interfaces.
  static let interfaces = CompletionKind.shellCommand("ls /sys/class/net")

  static let times = CompletionKind.list(["1m", "10m", "1h", "1d", "7d"])

  /// The names that the last word of a text may become, each behind the rest of the text.
  static func continued(_ text: String, _ names: [String], _ isBorder: (Character) -> Bool) -> [String] {
    // The shell hands over the quote that begins a word.
    let text = text.first == "'" || text.first == "\"" ? text.dropFirst() : text[...]
    let start = text.lastIndex(where: isBorder).map(text.index(after:)) ?? text.startIndex
    return names.filter { $0.hasPrefix(text[start...]) }.map { text[..<start] + $0 }
  }
}
