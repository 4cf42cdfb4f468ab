// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import MeropsSensors
import MeropsStore
import Synchronization
import Testing

/// Known acts, through the kernel, the sensors and the store, and back.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct CompletenessTests {
  /// The number of acts is 200,000 where MEROPS_ACTS says so.
  static let acts = ProcessInfo.processInfo.environment["MEROPS_ACTS"].flatMap(Int.init) ?? 20_000

  @Test func everyActIsStoredWithItsProcessPathOutcomeAndOrder() throws {
    let run = try Run(acts: Self.acts, rate: Self.acts / 10, processes: 4)
    let comparison = run.comparison
    #expect(run.counts.total.lost == 0)
    #expect(comparison.missing.count == 0, "\(comparison.missing.prefix(20))")
    #expect(comparison.unexplained.count == 0, "\(comparison.unexplained.prefix(20))")
    // The kernel keeps the counts of 16,384 files: of more at a time, it forgets those that were opened least lately.
    if Self.acts <= 20_000 {
      #expect(comparison.repeats.done == comparison.repeats.counted)
    } else {
      #expect(comparison.repeats.done >= comparison.repeats.counted)
    }
    #expect(comparison.found.values.reduce(0, +) + comparison.repeats.done == run.ledger.count)
    for kind in [
      EventKind.processExec, .processExit, .fileCreate, .fileOpen, .fileWrite, .fileRename, .fileMode, .fileLink,
      .fileSymlink, .fileUnlink, .networkConnect, .dnsQuery, .dnsAnswer,
    ] {
      #expect(comparison.found[kind.name, default: 0] > 0, "no \(kind.name)")
    }
  }

  /// A ring that is far too small, and no pause: what is missing was counted.
  @Test func whatIsLostIsCounted() throws {
    var options = SensorOptions()
    options.ringBytes = 1 << 14
    let run = try Run(acts: Self.acts, rate: 0, processes: 8, options)
    let lost = UInt64(run.comparison.missing.count)
    #expect(lost > 0)
    #expect(run.counts.total.lost >= lost)
    #expect(run.comparison.unexplained.count == 0, "\(run.comparison.unexplained.prefix(20))")
    // Each event that the kernel recorded reached the store.
    #expect(run.counts.total.recorded == run.recorded)
  }
}

/// One run of the workload under the sensors, with a store of its own.
private struct Run {
  let ledger: Ledger
  let comparison: Ledger.Comparison
  let counts: Counts
  /// Events that came out of the store.
  let recorded: UInt64

  init(acts: Int, rate: Int, processes: Int, _ options: SensorOptions = SensorOptions()) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "merops-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appending(path: "acts"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var storeOptions = StoreOptions()
    storeOptions.queueBytes = 1 << 30
    let store = try EventStore(at: folder.appending(path: "store").path, storeOptions)
    defer { store.close() }

    var options = options
    options.files.withMissingFiles = true
    let sensors = try Sensors(options)
    let failure = Mutex<(any Error)?>(nil)
    let isOver = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      do { try sensors.run { store.append($0) } } catch { failure.withLock { $0 = error } }
      isOver.signal()
    }
    try Self.waitUntilWatching(sensors) { failure.withLock { $0 } }

    // A network namespace of its own has port 53 free.
    let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "merops-workload").path
    let workload = try Foundation.Process.run(
      URL(filePath: "/usr/bin/unshare"),
      arguments: [
        "--net", "sh", "-c", "ip link set lo up && exec \"$0\" \"$@\"", program, "--acts", "\(acts)", "--rate",
        "\(rate)", "--processes", "\(processes)", "--namespaces", "--dns", "53", "--folder",
        folder.appending(path: "acts").path, "--ledger", folder.appending(path: "ledger").path,
      ])
    workload.waitUntilExit()
    #expect(workload.terminationStatus == 0)
    sensors.stop()
    isOver.wait()
    if let error = failure.withLock({ $0 }) { throw error }
    counts = try sensors.counts()
    store.flush()
    #expect(store.status.dropped == 0)

    let ledger = try Ledger(at: folder.appending(path: "ledger").path, processes: processes)
    var events: [Event] = []
    var recorded: UInt64 = 0
    var query = EventQuery()
    query.order = .oldestFirst
    try store.events(query) { page in
      // These come from maps.
      recorded += UInt64(page.count { $0.kind != .fileRepeats && $0.kind != .networkFlow })
      events += page.filter { ledger.acts[$0.process.key.pid] != nil }
      return true
    }
    (self.ledger, self.recorded) = (ledger, recorded)
    comparison = ledger.compare(events, in: folder.path)
  }

  /// Returns when the sensors report what happens: they know of a process that was started after they were.
  private static func waitUntilWatching(_ sensors: Sensors, _ failure: () -> (any Error)?) throws {
    while true {
      if let error = failure() { throw error }
      let probe = try Foundation.Process.run(URL(filePath: "/bin/sleep"), arguments: ["0.2"])
      defer { probe.waitUntilExit() }
      for _ in 0..<50 where probe.isRunning {
        if sensors.process(UInt32(bitPattern: probe.processIdentifier)) != nil { return }
        usleep(2000)
      }
    }
  }
}
