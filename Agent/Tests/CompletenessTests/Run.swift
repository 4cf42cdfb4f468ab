// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import MeropsSensors
import MeropsStore
import Synchronization
import Testing

/// One run of the workload under the sensors, with a store of its own.
struct Run {
  let ledger: Ledger
  let comparison: Ledger.Comparison
  let counts: Counts
  /// Events that came out of the store.
  let recorded: UInt64

  /// - Parameters:
  ///   - gate: while somebody else holds it, the reader waits behind its next batch.
  ///   - begin, during, end: called before the workload begins, while it works, and after it has ended.
  init(
    acts: Int, rate: Int, processes: Int, _ options: SensorOptions = SensorOptions(),
    gate: DispatchSemaphore = DispatchSemaphore(value: 1), begin: (Sensors) throws -> Void = { _ in },
    during: (Sensors) throws -> Void = { _ in }, end: (Sensors) throws -> Void = { _ in }
  ) throws {
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
      do {
        try sensors.run { batch in
          store.append(batch)
          gate.wait()
          gate.signal()
        }
      } catch {
        failure.withLock { $0 = error }
      }
      isOver.signal()
    }
    try Self.waitUntilWatching(sensors) { failure.withLock { $0 } }
    try begin(sensors)

    // A network namespace of its own has port 53 free. Whoever acts as another user reaches the program here.
    let program = folder.appending(path: "merops-workload").path
    try FileManager.default.copyItem(
      at: URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "merops-workload"),
      to: URL(filePath: program))
    let cgroup = try TestCgroup()
    let workload = try Foundation.Process.run(
      URL(filePath: "/usr/bin/unshare"),
      arguments: [
        "--net", "sh", "-c", "ip link set lo up && exec \"$0\" \"$@\"", program, "--acts", "\(acts)", "--rate",
        "\(rate)", "--processes", "\(processes)", "--namespaces", "--cgroup", cgroup.path, "--dns", "53", "--folder",
        folder.appending(path: "acts").path, "--ledger", folder.appending(path: "ledger").path,
      ])
    try during(sensors)
    workload.waitUntilExit()
    #expect(workload.terminationStatus == 0)
    withExtendedLifetime(cgroup) {}
    try end(sensors)
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
    comparison = ledger.compare(
      events, in: folder.path + "/acts", comparesWho: counts.total.lost == 0)
  }

  /// A cgroup that goes with its owner.
  private final class TestCgroup {
    let path: String

    init() throws {
      let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8).split(separator: "\n")
      let place = mounts.map { $0.split(separator: " ") }.first { $0.count > 2 && $0[2] == "cgroup2" }
      path = try #require(place.map { "\($0[1])/merops-test-\(UUID().uuidString)" }, "no cgroup v2 is mounted")
      try #require(mkdir(path, 0o755) == 0)
    }

    deinit { rmdir(path) }
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
