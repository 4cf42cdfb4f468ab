// SPDX-License-Identifier: Apache-2.0
import Glibc
import MeropsModel

/// What /proc has of one process: where the kernel hides a process from programs, or its record was lost.
struct ProcessFiles {
  let pid: UInt32
  let parent: UInt32
  /// Nanoseconds since boot, rounded down to a clock tick.
  let start: UInt64
  private let name: [UInt8]

  /// - Returns: nil if there is no such process.
  init?(_ pid: UInt32) {
    // 1 (systemd) S 0 1 1 0 ...: the name may hold anything; the last parenthesis ends it.
    let stat = SmallFile.bytes("/proc/\(pid)/stat")
    guard let open = stat.firstIndex(of: UInt8(ascii: "(")), let close = stat.lastIndex(of: UInt8(ascii: ")")),
      open < close
    else { return nil }
    let words = String(decoding: stat[(close + 1)...], as: UTF8.self).split(separator: " ")
    guard words.count > 19, let parent = UInt32(words[1]), let ticks = UInt64(words[19]) else { return nil }
    self.pid = pid
    self.parent = parent
    name = Array(stat[(open + 1)..<close])
    start = ticks * (1_000_000_000 / UInt64(max(1, sysconf(CInt(_SC_CLK_TCK)))))
  }

  /// The numbers of all processes.
  static func all() -> [UInt32] { Folder.names("/proc", only: UInt8(DT_DIR)).compactMap { UInt32($0) } }

  static let argumentLimit = 16384

  /// The arguments of a process, each with a zero byte behind it.
  static func arguments(_ pid: UInt32) -> [UInt8] { SmallFile.bytes("/proc/\(pid)/cmdline", limit: argumentLimit) }

  func describe(_ facts: inout Facts, _ redaction: Redaction) {
    facts.append(.processID, UInt64(pid))
    facts.append(.processParentID, UInt64(parent))
    facts.append(.processStart, start)
    facts.append(.processName, name.span.bytes)
    for line in SmallFile.text("/proc/\(pid)/status").split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
      switch words.first {
      case "Uid:":
        append(.processRealUser, words, 1, &facts)
        append(.processUser, words, 2, &facts)
        append(.processSavedUser, words, 3, &facts)
      case "Gid:":
        append(.processRealGroup, words, 1, &facts)
        append(.processGroup, words, 2, &facts)
      case "NSpid:": append(.processNamespacedID, words, words.count - 1, &facts)
      case "CapEff:":
        if words.count > 1, let bits = UInt64(words[1], radix: 16) { facts.append(.processCapabilities, bits) }
      default: break
      }
    }
    for (field, name) in Self.namespaces {
      var status = stat()
      if stat("/proc/\(pid)/ns/\(name)", &status) == 0 { facts.append(field, UInt64(status.st_ino)) }
    }
    appendNumber(.processLoginUser, "loginuid", &facts)
    appendNumber(.processSession, "sessionid", &facts)
    // Only user space's processes have a program.
    guard var path = SmallFile.link("/proc/\(pid)/exe") else { return }
    let deleted = Array(" (deleted)".utf8)
    if path.reversed().starts(with: deleted.reversed()) {
      path.removeLast(deleted.count)
      facts.append(path.starts(with: "/memfd:".utf8) ? .processExecutableIsMemory : .processExecutableIsDeleted, true)
    }
    facts.append(.processExecutable, path.span.bytes)
    var status = stat()
    if stat("/proc/\(pid)/exe", &status) == 0 {
      facts.append(.processExecutableInode, UInt64(status.st_ino))
      facts.append(.processExecutableDevice, UInt64(status.st_dev))
    }
    let arguments = Self.arguments(pid)
    let isCut = arguments.count == Self.argumentLimit
    redaction.withRedacted(arguments.span.bytes, isCut: isCut) { facts.append(.processArguments, $0, isCut: isCut) }
    if let directory = SmallFile.link("/proc/\(pid)/cwd") {
      facts.append(.processWorkingDirectory, directory.span.bytes)
    }
  }

  private static let namespaces: [(Field, String)] = [
    (.processPIDNamespace, "pid"), (.processMountNamespace, "mnt"), (.processNetworkNamespace, "net"),
    (.processUserNamespace, "user"),
  ]

  private func append(_ field: Field, _ words: [Substring], _ index: Int, _ facts: inout Facts) {
    guard index > 0, index < words.count, let number = UInt64(words[index]) else { return }
    facts.append(field, number)
  }

  private func appendNumber(_ field: Field, _ file: String, _ facts: inout Facts) {
    let text = SmallFile.text("/proc/\(pid)/\(file)").split(separator: "\n").first
    guard let number = text.flatMap({ UInt32($0) }), number != .max else { return }
    facts.append(field, UInt64(number))
  }
}
