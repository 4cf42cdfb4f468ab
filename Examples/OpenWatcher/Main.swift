// SPDX-License-Identifier: Apache-2.0
// open-watcher [PROCESS]: shows the real path of every file that is opened, by anyone or by a process and its children,
// until Ctrl-C. Needs root, or CAP_BPF and CAP_PERFMON.

import BPF
import Foundation

@main
struct Tool {
  static func main() async {
    do {
      try await watch(process: CommandLine.arguments.dropFirst().first.flatMap { Int32($0) })
    } catch {
      FileHandle.standardError.write(Data("open-watcher: \(error)\n".utf8))
      exit(1)
    }
  }

  static func watch(process: Int32?) async throws {
    // A constant of the kernel program is set between opening the object and loading it.
    let opened = try OpenWatcher.open()
    if let process { opened.globals.onlyParent = process }
    let watcher = try opened.load()
    let places = try watcher.attachAll().attached.map(\.place)
    print("attached to \(places.joined(separator: " and ")); Ctrl-C ends it")
    for try await open in watcher.opens {
      print("\(open.pid)  \(open.commandText.debugDescription)  \(open.path.debugDescription)")
      if watcher.globals.lost > 0 { print("lost: \(watcher.globals.lost)") }
      fflush(nil)
    }
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
