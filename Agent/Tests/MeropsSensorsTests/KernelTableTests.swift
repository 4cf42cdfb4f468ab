// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import MeropsSensors
import Testing

/// One act of each kind of event, on the kernel that the tests run on: the sensors report it, or say why they cannot.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct KernelTableTests {
  @Test func eachKindIsSeenOrIsAStatedGap() throws {
    let table = try KernelTable()
    for kind in EventKind.allCases where kind.eventClass.isWatched {
      guard let row = table.rows[kind] else {
        // Only a guest of Tests/VM has a module to load.
        #expect(kind == .moduleLoad && !KernelTable.isGuest, "no act of \(kind.name) was done")
        continue
      }
      #expect(row.isSeen || row.hook == nil, "\(kind.name) was not seen by \(row.hook ?? "")")
    }
    if ProcessInfo.processInfo.environment["MEROPS_TABLE"] != nil {
      for line in table.lines { print("\(KernelTable.marker)\t\(table.kernel)\t\(line)") }
    } else if KernelTable.isGuest {
      // Debian's kernels are known, other machines' are not.
      let gaps = table.rows.filter { !$0.value.isSeen }.map(\.key.name)
      #expect(try Set(gaps) == KernelTable.documentedGaps(table.kernel), "make kernels writes docs/kernels.md")
    }
  }
}

/// What docs/kernels.md says of a kernel.
struct KernelTable {
  struct Row {
    var hook: String?
    var isSeen = false
    var nameSources: Set<String> = []
  }

  /// Of the kinds that acts were done of, and of those that no hook sees.
  private(set) var rows: [EventKind: Row] = [:]
  private let reports: [SensorReport]
  /// `6.1`; behind it, what the kernel does not allow.
  let kernel: String

  static let marker = "kernels.md"
  static let isGuest = ProcessInfo.processInfo.environment["MEROPS_GUEST"] != nil
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  init() throws {
    var options = SensorOptions()
    options.network.watchesUnixSockets = true
    let watch = try Watch(options)
    let process = Foundation.Process()
    let output = Pipe()
    process.executableURL = Self.folder.appending(path: "../Kernels/every-kind")
    process.standardOutput = output
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let events = try watch.finish()
    reports = watch.sensors.reports

    let acts = text.split(separator: "\n").map { $0.split(separator: " ") }
    for kind in EventKind.allCases where kind.eventClass.isWatched {
      let report = reports.first { $0.covers(kind) }
      let hook = report == nil ? kind.definition.hooks.first?.name : report?.hook
      let process = acts.first { $0.count == 2 && $0[0] == kind.name }.flatMap { UInt32($0[1]) }
      if process == nil && hook != nil { continue }
      let found = events.filter { $0.kind == kind && $0.process.key.pid == process }
      rows[kind] = Row(
        hook: hook, isSeen: !found.isEmpty,
        nameSources: Set(
          found.compactMap { if case .text(let text)? = $0[.eventNameSource] { "\(text)" } else { nil } }))
    }
    var name = utsname()
    uname(&name)
    let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let version = release.split(separator: ".").prefix(2).joined(separator: ".")
    let hasTrampolines = reports.contains { $0.hook?.hasPrefix("fe") == true }
    kernel = hasTrampolines ? version : "\(version) without fentry"
  }

  /// The rows of docs/kernels.md, without their last column, which names the kernels.
  var lines: [String] {
    let kinds = EventKind.allCases.compactMap { kind -> String? in
      guard let row = rows[kind] else { return nil }
      let hook = row.hook.map { "`\($0)`" } ?? "not seen"
      return "| `\(kind.name)` | \(hook) | \(row.nameSources.sorted().joined(separator: ", ")) |"
    }
    let gaps = reports.compactMap { report in report.missing.map { "| \(report.sensor) | \($0) |" } }
    return kinds + gaps
  }

  /// The kinds that the document says a kernel does not show.
  static func documentedGaps(_ kernel: String) throws -> Set<String> {
    let text = try String(contentsOf: folder.appending(path: "../../../docs/kernels.md"), encoding: .utf8)
    return Set(
      text.split(separator: "\n").compactMap { line in
        let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        guard cells.count == 4, cells[1] == "not seen",
          cells[3] == "all" || cells[3].split(separator: ", ").contains(Substring(kernel))
        else { return nil }
        return cells[0].trimmingCharacters(in: ["`"])
      })
  }
}

extension SensorReport {
  /// Whether it is about a kind of events.
  func covers(_ kind: EventKind) -> Bool {
    sensor.split(separator: ",").contains { name in
      let name = name.trimmingCharacters(in: .whitespaces)
      return kind.name == name || kind.name.hasPrefix(name + ".")
    }
  }
}
