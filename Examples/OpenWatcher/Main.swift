// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import CommandSupport
import Foundation

/// Shows which files are really opened: the kernel's own path, whatever links and relative names led there.
@main
struct OpenWatcherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "open-watcher",
    abstract: "Show the real path of every file that is opened.",
    discussion: """
      Needs root, or CAP_BPF and CAP_PERFMON.

      EXAMPLES
        open-watcher                 until Ctrl-C
        open-watcher --seconds 2 --demo   with a file of its own, opened by a symbolic link
      """)

  @Option(help: "Stop after this many seconds.") var seconds: Int?
  @Flag(help: "Open a file through a symbolic link now and then, and show only this.") var demo = false

  func run() throws {
    Interrupt.catchSignals()
    let opened = try OpenWatcher.open()
    if demo { opened.globals.onlyParent = getpid() }
    let watcher = try opened.load()
    var opens = try watcher.opens.reader()
    let places = try watcher.attachAll().attached.map(\.place)
    Output.note("attached to \(places.joined(separator: " and ")); Ctrl-C ends it")
    let example = demo ? try Example() : nil
    defer { example?.remove() }
    let start = ContinuousClock.now
    while !Interrupt.isRequested, seconds.map({ ContinuousClock.now - start < .seconds($0) }) ?? true {
      example?.open()
      try opens.poll(timeout: .milliseconds(200)) { Output.line("\($0.pid)  \($0.commandText)  \($0.path)") }
    }
    Output.line("lost: \(watcher.globals.lost)")
  }
}

extension OpenWatcher.OpenEvent {
  /// The names from the root on; they come last one first.
  var path: String {
    var parts: [String] = []
    for index in 0..<min(Int(depth), names.count) {
      parts.append(withUnsafeBytes(of: names[index]) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    // The root of a file system is called "/", where another is mounted on it.
    return (isCut ? ".../" : "/") + parts.reversed().filter { $0 != "/" }.joined(separator: "/")
  }
}

/// A file and a symbolic link to it.
private struct Example {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "open-watcher-\(getpid())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    guard FileManager.default.createFile(atPath: "\(folder)/real", contents: nil) else {
      throw ValidationError("\(folder)/real cannot be made")
    }
    try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "real")
  }

  func open() {
    let descriptor = Glibc.open("\(folder)/link", O_RDONLY)
    if descriptor >= 0 { close(descriptor) }
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
