// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import MeropsModel
import Testing

/// The clock is set while the agent runs, and while it does not. Only in a guest, whose clock is its own:
/// `Tests/VM/run 6.1 Agent/.build/debug/MeropsAgentPackageTests.xctest --testing-library swift-testing --filter aClockThatIsSet`
extension FaultTests {
  private static let day = 86_400

  private static func clock() -> timespec {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return time
  }

  private static func setClock(daysAhead days: Int) throws {
    var time = clock()
    time.tv_sec += days * day
    guard clock_settime(CLOCK_REALTIME, &time) == 0 else {
      throw Daemon.Failure(description: "clock_settime: \(errno)")
    }
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["MEROPS_GUEST"] != nil, "sets the clock: in a guest only"))
  func aClockThatIsSet() async throws {
    try await Daemon.withFolder { folder in
      let settings = "store:\n  folder: \(folder)/store\n  age: 30d\n"
      var daemon = try Daemon(settings, in: folder)
      try daemon.waitUntilWatching()
      var parts: [(name: String, ids: [EventID], time: Int)] = []
      // What a workload did meanwhile is stored, behind what was stored before, and nothing of that is gone.
      func work(_ name: String) throws {
        let time = Self.clock().tv_sec
        try Daemon.work(300, in: "\(folder)/\(name)").waitUntilExit()
        try daemon.waitForCreations(in: "\(folder)/\(name)")
        try daemon.wait { $0.store?.queued == 0 }
        parts.append((name, try daemon.creations(in: "\(folder)/\(name)"), time))
        for part in parts { #expect(try daemon.creations(in: "\(folder)/\(part.name)") == part.ids, "\(part.name)") }
        let all = parts.flatMap(\.ids)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0 < $1 }, "\(name) is not behind what was before")
      }
      func restart(_ days: Int) throws {
        daemon.end(SIGKILL)
        try Self.setClock(daysAhead: days)
        daemon = try Daemon(settings, in: folder)
        try daemon.waitUntilWatching()
      }
      try work("before")
      try Self.setClock(daysAhead: 400)
      try work("ahead")
      try Self.setClock(daysAhead: -399)
      try work("back")
      // A time of the day after the beginning: what was done then and what the clock was ahead for, but nothing before.
      let time = Date(timeIntervalSince1970: TimeInterval(parts[2].time)).ISO8601Format()
      let recent = Set(try daemon.ids("&since=\(time)"))
      #expect(recent.isSuperset(of: parts[2].ids) && recent.isSuperset(of: parts[1].ids))
      #expect(recent.isDisjoint(with: parts[0].ids))
      // The agent starts with a clock behind what it has stored, and with one that is a year ahead.
      try restart(-300)
      try work("behind")
      try restart(300 + 365)
      try work("a year ahead")
      try restart(-365)
      try work("right again")
      let status = try daemon.status()
      #expect(status.alarms.isEmpty && status.store?.lost == 0)
      daemon.end(SIGTERM)
      #expect(daemon.process.terminationStatus == 0)
    }
  }
}
