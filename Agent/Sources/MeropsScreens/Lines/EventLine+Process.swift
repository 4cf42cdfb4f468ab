// SPDX-License-Identifier: Apache-2.0

import MeropsModel

extension EventLine {
  mutating func describeProcess(_ event: Reading, _ users: inout UserNames) {
    let pid = event.number(.processID) ?? 0
    switch event.kind {
    case .processFork:
      did = "forked"
      what = event.text(.processName) ?? ""
      outcome = "pid \(pid)"
    case .processExec:
      did = "exec"
      what = Self.command(event)
      outcome = Self.remarks(event).reduce("pid \(pid)") { $0 + ", " + $1 }
      if outcome.contains(",") { tone = .notable }
    case .processExit:
      did = "exited"
      what = event.text(.processExecutable) ?? event.text(.processName) ?? ""
      let lasted = event.number(.exitDuration).map { " after " + Amount.duration($0) } ?? ""
      if let signal = event.number(.exitSignal) {
        did = "ended"
        outcome = "by " + Names.signal(signal) + lasted
        tone = .failed
      } else {
        let code = event.number(.exitCode) ?? 0
        outcome = "status \(code)" + lasted
        if code != 0 { tone = .failed }
      }
    case .processCredentials:
      did = "became"
      let old = event.number(.processUser)
      let new = event.number(.newUser)
      what = new.map { users($0) } ?? "another user"
      if new == old, event.number(.newCapabilities) != event.number(.processCapabilities) {
        what = "same user, other capabilities"
      } else if let group = event.number(.newGroup), group != event.number(.processGroup) {
        what += ", group \(group)"
      }
      outcome = event.number(.newCapabilities).map { $0 == 0 ? "no capabilities" : "capabilities 0x" + hex($0) } ?? ""
      tone = .notable
      _ = fail(event)
    case .processSignal:
      did = "signaled"
      what = Self.target(event)
      outcome = Names.signal(event.number(.signalNumber) ?? 0)
    case .processTrace:
      did = "traced"
      what = Self.target(event)
      outcome = "ptrace request \(event.number(.traceRequest) ?? 0)"
      tone = .notable
      _ = fail(event)
    case .processMemoryWrite:
      did = "wrote to"
      what = "memory of " + Self.target(event)
      tone = .notable
      _ = fail(event)
    default: describeOther(event)
    }
  }

  /// The program's path and its arguments without the first, which is its own name.
  private static func command(_ event: Reading) -> String {
    let arguments = event.texts(.processArguments) ?? []
    let path = event.text(.processExecutable) ?? arguments.first ?? event.text(.processName) ?? "?"
    return ([path] + arguments.dropFirst().map(quoted)).joined(separator: " ")
  }

  /// An argument as one would type it.
  static func quoted(_ argument: String) -> String {
    let isPlain = argument.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "$"),
        UInt8(ascii: "|"), UInt8(ascii: "&"), UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"),
        UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "`"):
        false
      default: byte > 0x20
      }
    }
    guard !isPlain || argument.isEmpty else { return argument }
    return "'" + argument.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  private static func remarks(_ event: Reading) -> [String] {
    var remarks: [String] = []
    if event.isTrue(.processExecutableIsMemory) {
      remarks.append("from memory")
    } else if event.isTrue(.processExecutableIsDeleted) {
      remarks.append("file deleted")
    } else if event.isTrue(.processExecutableIsUpper) {
      remarks.append("not from the image")
    }
    if let user = event.number(.processUser), let real = event.number(.processRealUser), user != real {
      remarks.append("setuid")
    }
    return remarks
  }

  private static func target(_ event: Reading) -> String {
    let pid = event.number(.targetID).map { "(\($0))" } ?? ""
    return (event.text(.targetName) ?? "process") + pid
  }

  /// A kind that has no words of its own: its name, and its facts.
  mutating func describeOther(_ event: Reading) {
    did = event.kind.map { String($0.name.split(separator: ".").last ?? "") } ?? ""
    what = Field.allCases.filter { $0.definition.kinds.contains { $0 == event.kind } }
      .compactMap { field in event.text(field) ?? event.number(field).map { "\(field.name)=\($0)" } }
      .joined(separator: " ")
    _ = fail(event)
  }

  func hex(_ number: UInt64) -> String { String(number, radix: 16) }
}
