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
    public var queued: UInt64
    public var lost: UInt64

    public init(name: String, state: String, sent: UInt64, queued: UInt64, lost: UInt64) {
      (self.name, self.state, self.sent, self.queued, self.lost) = (name, state, sent, queued, lost)
    }
  }

  public struct Subscribers: Hashable, Sendable, Codable {
    public var count: Int
    /// Events that slow subscribers did not get, since the start.
    public var lost: UInt64

    public init(count: Int = 0, lost: UInt64 = 0) { (self.count, self.lost) = (count, lost) }
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
    alarms: [String]
  ) {
    (self.version, self.pid, self.host, self.kernel) = (version, pid, host, kernel)
    (self.started, self.now, self.counts, self.lastLoss) = (started, now, counts, lastLoss)
    (self.sensors, self.store, self.sinks, self.subscribers) = (sensors, store, sinks, subscribers)
    (self.process, self.alarms) = (process, alarms)
  }
}
