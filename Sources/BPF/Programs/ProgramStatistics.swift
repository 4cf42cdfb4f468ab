// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import SystemPackage

extension Program {
  /// Keeps the kernel counting the runs of all programs and their time, for as long as this value lives.
  ///
  /// Each run then costs two clock reads more.
  ///
  /// - Requires: Linux 5.8; CAP_SYS_ADMIN
  public struct RunTimeStatistics: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// Turns counting on.
    public init() throws(BPFError) {
      do {
        descriptor = try BPFCall.enableStatistics()
      } catch {
        throw BPFError("enabling run-time statistics", errno: error)
      }
    }
  }
}

extension Program {
  /// How often a program had run, and for how long, at some moment.
  public struct Sample: Sendable, Hashable {
    public var runCount: UInt64
    /// Nanoseconds.
    public var runTime: UInt64
    public var recursionMisses: UInt64

    public init(runCount: UInt64, runTime: UInt64, recursionMisses: UInt64) {
      self.runCount = runCount
      self.runTime = runTime
      self.recursionMisses = recursionMisses
    }

    /// What happened since an earlier sample.
    public func since(_ earlier: Sample) -> Sample {
      Sample(
        runCount: runCount &- earlier.runCount, runTime: runTime &- earlier.runTime,
        recursionMisses: recursionMisses &- earlier.recursionMisses)
    }

    /// The average time of a run in nanoseconds; nil for no run.
    public var nanosecondsPerRun: Double? { runCount == 0 ? nil : Double(runTime) / Double(runCount) }
  }
}

extension Program {
  /// The counters as they stand now. They count while a ``Program/RunTimeStatistics`` lives, or
  /// /proc/sys/kernel/bpf_stats_enabled is 1.
  public func sample() throws(BPFError) -> Sample {
    let info = try information([])
    return Sample(runCount: info.runCount, runTime: info.runTime, recursionMisses: info.recursionMisses)
  }
}
