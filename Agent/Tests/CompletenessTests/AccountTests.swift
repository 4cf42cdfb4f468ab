// SPDX-License-Identifier: Apache-2.0

import BPF
import Foundation
import MeropsModel
import Testing

@testable import MeropsSensors

/// What was done is what was recorded, filtered and lost: exactly, on each CPU, with whatever else the machine does meanwhile.
extension CompletenessTests {
  /// The sensors' counters beside those of a program that only counts.
  private struct Balance {
    let sensors: Sensors
    let witness: Witness
    let links = LinkSet()
    static let classes = [EventClass.process, .file]

    init(_ sensors: Sensors) throws {
      self.sensors = sensors
      witness = try Witness.load()
      #if arch(x86_64)
        let meanings: [(UInt32, [UInt32])] = [
          (1, [2, 85, 257, 437, 304]), (2, [91, 93]), (3, [9]),
          (4, [87, 84, 263, 82, 264, 316, 86, 265, 88, 266, 90, 268, 452, 92, 94, 260, 165, 429, 166]),
          (5, [105, 106, 113, 114, 117, 119, 126]), (6, [101]), (7, [311]),
        ]
      #else
        let meanings: [(UInt32, [UInt32])] = [
          (1, [56, 437, 265]), (2, [52, 55]), (3, [222]), (4, [35, 38, 276, 37, 36, 53, 452, 54, 40, 429, 39]),
          (5, [146, 144, 145, 143, 147, 149, 91]), (6, [117]), (7, [271]),
        ]
      #endif
      for (meaning, numbers) in meanings {
        for number in numbers { try witness.meanings.set(meaning, for: number) }
      }
      for program in [witness.onFork, witness.onExec, witness.onExit, witness.onSignal] {
        links.keep(try program.attach(), as: program.name)
      }
      links.keep(try witness.onCall.attach(), as: witness.onCall.name)
    }

    private func seen() throws -> [[UInt64]] {
      try Self.classes.map { try sensors.countsByProcessor($0).map(\.seen) }
    }

    private func done() throws -> [[UInt64]] {
      let values = try witness.done.get(0) ?? []
      return [values.map(\.process), values.map(\.file)]
    }

    /// What the sensors have seen more than was done, by class and CPU, at a moment in which nothing happened.
    func difference() throws -> [[Int64]] {
      while true {
        let (seen, done) = (try seen(), try done())
        guard try (self.seen(), self.done(), self.seen()) == (seen, done, seen) else { continue }
        return zip(seen, done).map { zip($0, $1).map { Int64(bitPattern: $0 &- $1) } }
      }
    }
  }

  /// Whoever is left out, and what is beyond the limits, is counted as filtered.
  @Test func whatIsLeftOutIsCountedExactly() throws {
    var options = SensorOptions()
    options.ringBytes = 1 << 26
    // One of the workload's users, and most of what is done in a second, also where a guest does little in one.
    options.filters.users = [65534]
    options.filters.limits = [.process: 1, .file: 2]
    var balance: Balance?
    var before: [[Int64]] = []
    let run = try Run(
      acts: Self.acts, rate: Self.acts, processes: 6, options,
      begin: { sensors in
        let new = try Balance(sensors)
        before = try new.difference()
        balance = new
      },
      end: { sensors in
        let balance = try #require(balance)
        guard sensors.reports.contains(where: { $0.sensor.hasPrefix("file.open") && $0.hook == "raw_tp/sys_exit" })
        else { return }
        var after = try balance.difference()
        for _ in 0..<1_000 where after != before { after = try balance.difference() }
        #expect(after == before)
      })
    let accounts = try #require(balance).sensors.accounts()
    for eventClass in Balance.classes {
      let counts = run.counts[eventClass]
      #expect(counts.limited > 0 && counts.filtered > counts.limited, "\(counts)")
      #expect(accounts[eventClass].read == counts.recorded)
      #expect(accounts[eventClass].missing == counts.lost)
    }
    #expect(run.counts.total.recorded == run.recorded)
  }

  /// Ten times the rated load through a ring that is far too small, with a reader that sleeps at first.
  @Test func recordedFilteredAndLostAreWhatWasDone() throws {
    var options = SensorOptions()
    options.ringBytes = 1 << 14
    let gate = DispatchSemaphore(value: 1)
    var balance: Balance?
    var before: [[Int64]] = []
    var missed: UInt64 = 0
    let run = try Run(
      acts: Self.acts, rate: Self.acts, processes: 8, options, gate: gate,
      begin: { sensors in
        let new = try Balance(sensors)
        before = try new.difference()
        missed = try sensors.missed().reduce(0) { $0 + $1.1 }
        balance = new
        gate.wait()
      },
      during: { sensors in
        while try sensors.counts()[.file].lost < 500 { usleep(1_000) }
        gate.signal()
      },
      end: { sensors in
        let balance = try #require(balance)
        // Without fexit programs the sensors see opens where system calls end, as the witness does.
        guard sensors.reports.contains(where: { $0.sensor.hasPrefix("file.open") && $0.hook == "raw_tp/sys_exit" })
        else { return }
        // An act that is being counted on another CPU is there a moment later; one that was counted wrongly stays wrong.
        var after = try balance.difference()
        for _ in 0..<1_000 where after != before { after = try balance.difference() }
        #expect(after == before)
        #expect(try sensors.missed().reduce(0) { $0 + $1.1 } == missed)
      })
    #expect(run.counts[.file].lost >= 500)
    #expect(run.comparison.missing.count > 0)
    #expect(run.comparison.unexplained.count == 0, "\(run.comparison.unexplained.prefix(20))")
    #expect(run.counts.total.recorded == run.recorded)
    // What was recorded was read, and what was not is missing in the sequences of the CPUs.
    let accounts = try #require(balance).sensors.accounts()
    for eventClass in Balance.classes {
      #expect(accounts[eventClass].read == run.counts[eventClass].recorded)
      #expect(accounts[eventClass].missing == run.counts[eventClass].lost)
    }
  }
}
