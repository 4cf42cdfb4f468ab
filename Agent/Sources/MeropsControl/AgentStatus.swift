// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// What an agent says of itself.
public struct AgentStatus: Hashable, Sendable, Codable {
  public var version: String
  public var pid: Int
  public var host: String
  /// The kernel's release: `6.12.5`.
  public var kernel: String
  /// Nanoseconds since 1970.
  public var started: UInt64
  public var now: UInt64
  /// What the kernel's programs saw, by class.
  public var counts: Counts
  /// The newest loss; nil if nothing was lost.
  public var lastLoss: Loss?
  public var sensors: [SensorReport]
  public var store: Store?
  public var sinks: [Sink]
  public var subscribers: Subscribers
  public var process: Cost
  /// What the kernel's programs have cost; all zero where the kernel does not count it.
  public var programs: [ProgramCost]
  /// Nanoseconds from the kernel's time stamp to delivery that 99 of 100 events did not exceed; nil before the first event.
  public var delay: UInt64?
  /// Sentences about what is not as it should be.
  public var alarms: [String]

  public struct Loss: Hashable, Sendable, Codable {
    public var time: UInt64
    public var events: UInt64
    /// The class of the events.
    public var of: String

    public init(time: UInt64, events: UInt64, of: String) { (self.time, self.events, self.of) = (time, events, of) }
  }

  public struct Store: Hashable, Sendable, Codable {
    /// The file; `memory` for none.
    public var place: String
    public var events: UInt64
    public var bytes: UInt64
    /// The time of the oldest event; nil if there is none.
    public var oldest: UInt64?
    public var queued: UInt64
    public var lost: UInt64

    public init(place: String, events: UInt64, bytes: UInt64, oldest: UInt64?, queued: UInt64, lost: UInt64) {
      (self.place, self.events, self.bytes) = (place, events, bytes)
      (self.oldest, self.queued, self.lost) = (oldest, queued, lost)
    }
  }

  public struct Sink: Hashable, Sendable, Codable {
    public var name: String
    /// `ok`, or what is wrong.
    public var state: String
    public var sent: UInt64
    /// Events that it holds and has not handed over. What waits for a collector is in the store: ``behind``.
    public var queued: UInt64
    /// Events that did not get there, and do not come again.
    public var lost: UInt64
    /// Of those, the ones that the other side refused.
    public var rejected: UInt64
    /// Tries that failed.
    public var failures: UInt64
    /// How much older the last event that a collector has is than the newest one, in nanoseconds; nil if it has all, or is none.
    public var behind: UInt64?

    public init(
      name: String, state: String, sent: UInt64, queued: UInt64, lost: UInt64, rejected: UInt64 = 0,
      failures: UInt64 = 0, behind: UInt64? = nil
    ) {
      (self.name, self.state, self.sent, self.queued, self.lost) = (name, state, sent, queued, lost)
      (self.rejected, self.failures, self.behind) = (rejected, failures, behind)
    }
  }

  public struct Subscribers: Hashable, Sendable, Codable {
    public var count: Int
    /// Events that wait for them.
    public var queued: UInt64
    /// Events that slow subscribers did not get, since the start.
    public var lost: UInt64

    public init(count: Int = 0, queued: UInt64 = 0, lost: UInt64 = 0) {
      (self.count, self.queued, self.lost) = (count, queued, lost)
    }
  }

  public struct Cost: Hashable, Sendable, Codable {
    /// Resident memory in bytes.
    public var memory: UInt64
    /// CPU time since the start, in nanoseconds.
    public var cpuTime: UInt64

    public init(memory: UInt64, cpuTime: UInt64) { (self.memory, self.cpuTime) = (memory, cpuTime) }
  }

  public init(
    version: String, pid: Int, host: String, kernel: String, started: UInt64, now: UInt64, counts: Counts,
    lastLoss: Loss?, sensors: [SensorReport], store: Store?, sinks: [Sink], subscribers: Subscribers, process: Cost,
    programs: [ProgramCost] = [], delay: UInt64? = nil, alarms: [String]
  ) {
    (self.version, self.pid, self.host, self.kernel) = (version, pid, host, kernel)
    (self.started, self.now, self.counts, self.lastLoss) = (started, now, counts, lastLoss)
    (self.sensors, self.store, self.sinks, self.subscribers) = (sensors, store, sinks, subscribers)
    (self.process, self.programs, self.delay, self.alarms) = (process, programs, delay, alarms)
  }
}
