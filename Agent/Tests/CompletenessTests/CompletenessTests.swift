// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import MeropsSensors
import Testing

/// Known acts, through the kernel, the sensors and the store, and back.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct CompletenessTests {
  /// The number of acts is 200,000 where MEROPS_ACTS says so; guests are slow.
  static let acts: Int = {
    let environment = ProcessInfo.processInfo.environment
    return environment["MEROPS_ACTS"].flatMap(Int.init) ?? (environment["MEROPS_GUEST"] == nil ? 20_000 : 2000)
  }()

  @Test func everyActIsStoredWithItsProcessPathOutcomeAndOrder() throws {
    // Room for what other tests do to the machine meanwhile: they start processes by the ten thousand.
    var options = SensorOptions()
    options.ringBytes = 1 << 26
    let run = try Run(acts: Self.acts, rate: Self.acts / 10, processes: 6, options)
    let comparison = run.comparison
    // Users and groups; cgroups; namespaces: the machine's, the run's, and one of its own each.
    #expect([0, 1].map(run.ledger.variety) == [2, 2] && run.ledger.variety(2) == 6)
    #expect([3, 4, 5, 6].map(run.ledger.variety) == [2, 2, 2, 2] && run.ledger.processes > 6)
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
}
