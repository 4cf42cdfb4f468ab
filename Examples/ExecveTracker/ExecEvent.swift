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
    let name =
      flags.contains(.fileUnreadable)
      ? "(unreadable)" : Self.visible(fileText) + (flags.contains(.fileCut) ? "..." : "")
    let isCut = !flags.isDisjoint(with: [.argumentCut, .argumentsCut, .moreArguments])
    return ([name] + argumentList.dropFirst().map(Self.quoted)).joined(separator: " ") + (isCut ? " ..." : "")
  }

  private static func quoted(_ argument: String) -> String {
    guard argument.isEmpty || argument.contains(where: { $0 == " " || $0 == "'" }) else { return visible(argument) }
    return "'" + visible(argument).replacing("'", with: "'\\''") + "'"
  }

  /// Names and arguments come from anyone: control characters must not reach the terminal.
  static func visible(_ text: String) -> String {
    text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : String($0) }.joined()
  }
}
