// SPDX-License-Identifier: Apache-2.0

/// One execve(2) or execveat(2), as `struct exec_event` of execve_tracker.bpf.c lays it out.
struct ExecEvent {
  var time: UInt64
  var pid: UInt32
  var parent: UInt32
  var user: UInt32
  var flags: Flags
  var argumentCount: Int
  var command: String
  var file: String
  var arguments: [String]

  /// What the kernel could not have whole.
  struct Flags: OptionSet {
    var rawValue: UInt32
    static let fileCut = Flags(rawValue: 1)
    static let fileUnreadable = Flags(rawValue: 2)
    static let argumentCut = Flags(rawValue: 4)
    static let argumentsCut = Flags(rawValue: 8)
    static let moreArguments = Flags(rawValue: 16)
  }

  private static let size = 1328

  /// Reads a record of the ring; nil when it is not of this program.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.size else { return nil }
    func number(_ offset: Int) -> UInt32 { bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    func text(_ range: Range<Int>) -> String {
      String(decoding: bytes[range].prefix { $0 != 0 }, as: UTF8.self)
    }
    time = bytes.loadUnaligned(as: UInt64.self)
    pid = number(8)
    parent = number(12)
    user = number(16)
    flags = Flags(rawValue: number(20))
    argumentCount = Int(number(24))
    let used = min(Int(number(28)), 1024)
    command = text(32..<48)
    file = text(48..<304)
    // Each argument ends with a zero byte, the last one too.
    arguments = bytes[304..<304 + used].split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// The command line, with `...` where something is missing.
  var commandLine: String {
    let name = flags.contains(.fileUnreadable) ? "(unreadable)" : file + (flags.contains(.fileCut) ? "..." : "")
    let isCut = !flags.isDisjoint(with: [.argumentCut, .argumentsCut, .moreArguments])
    return ([name] + arguments.dropFirst().map(Self.quoted)).joined(separator: " ") + (isCut ? " ..." : "")
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
