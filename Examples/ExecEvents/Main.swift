// SPDX-License-Identifier: Apache-2.0
// exec-events [SECONDS]: shows every program that is started, until Ctrl-C or for so many seconds. Needs root, or CAP_BPF
// and CAP_PERFMON.

import BPF
import Foundation

@main
struct Tool {
  static func main() async {
    do {
      try await watch(seconds: CommandLine.arguments.dropFirst().first.flatMap { UInt32($0) })
    } catch {
      FileHandle.standardError.write(Data("exec-events: \(error)\n".utf8))
      exit(1)
    }
  }

  static func watch(seconds: UInt32?) async throws {
    let tracker = try ExecEvents.load()
    let places = try tracker.attachAll().attached.map(\.place)
    print("attached to \(places.joined(separator: " and ")); Ctrl-C ends it")
    let events = tracker.execEvents
    let printing = Task {
      for try await event in events {
        // A debug description quotes the text and escapes its control characters: names come from anyone.
        let (command, file) = (event.commandText.debugDescription, event.fileText.debugDescription)
        print("\(event.pid)  by \(command) (child of \(event.parent))  \(file)")
        fflush(nil)
      }
    }
    if let seconds {
      try await Task.sleep(for: .seconds(seconds))
      printing.cancel()
    }
    try await printing.value
    let counts = try tracker.execCounts.entries()
    let total = counts.reduce(0) { $0 + $1.value }
    print("\(total) calls by \(counts.count) processes; lost: \(tracker.globals.lostEvents)")
  }
}
