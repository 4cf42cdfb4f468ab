// SPDX-License-Identifier: Apache-2.0

import BPF

extension ExecveTracker.ExecEvent {
  /// The arguments that the record holds. Each ends with a zero byte, the last one too.
  var argumentList: [String] {
    withUnsafeBytes(of: arguments) { bytes in
      bytes.prefix(Int(argumentsSize)).split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
        String(decoding: $0, as: UTF8.self)
      }
    }
  }

  /// The command line, with `...` where something is missing.
  var commandLine: String {
    let name = flags.contains(.fileUnreadable) ? "(unreadable)" : fileText + (flags.contains(.fileCut) ? "..." : "")
    let isCut = !flags.isDisjoint(with: [.argumentCut, .argumentsCut, .moreArguments])
    return ([name] + argumentList.dropFirst().map(Self.quoted)).joined(separator: " ") + (isCut ? " ..." : "")
  }

  /// Arguments come from anyone: control characters must not reach the terminal.
  private static func quoted(_ argument: String) -> String {
    let isPlain =
      !argument.isEmpty
      && argument.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0 != " " && $0 != "'" }
    guard !isPlain else { return argument }
    let safe = argument.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : String($0) }.joined()
    return "'" + safe.replacing("'", with: "'\\''") + "'"
  }
}
