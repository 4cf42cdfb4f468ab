// SPDX-License-Identifier: Apache-2.0

/// What became of the acts that the kernel's programs saw, by class: each was recorded, filtered or lost.
public struct Counts: Hashable, Sendable {
  /// One class: `recorded + filtered + lost` acts were seen.
  public struct Entry: Hashable, Sendable, Codable {
    /// Acts that were put into the ring.
    public var recorded: UInt64
    /// Acts that a filter in the kernel left out, and repeats, which are counted in a map.
    public var filtered: UInt64
    /// Of ``filtered``, the acts that were beyond the class's limit for a second.
    public var limited: UInt64
    /// Acts that did not fit into the ring, or into a map that the record needs.
    public var lost: UInt64

    public init(recorded: UInt64 = 0, filtered: UInt64 = 0, limited: UInt64 = 0, lost: UInt64 = 0) {
      (self.recorded, self.filtered, self.limited, self.lost) = (recorded, filtered, limited, lost)
    }

    public var seen: UInt64 { recorded &+ filtered &+ lost }

    public static func + (left: Self, right: Self) -> Self {
      Self(
        recorded: left.recorded &+ right.recorded, filtered: left.filtered &+ right.filtered,
        limited: left.limited &+ right.limited, lost: left.lost &+ right.lost)
    }
  }

  private var entries = [Entry](repeating: Entry(), count: EventClass.allCases.count)

  public init() {}

  public subscript(eventClass: EventClass) -> Entry {
    get { entries[Int(eventClass.rawValue)] }
    set { entries[Int(eventClass.rawValue)] = newValue }
  }

  public var total: Entry { entries.reduce(Entry(), +) }
}

extension Counts: Codable {
  public init(from decoder: any Decoder) throws {
    let named = try [String: Entry](from: decoder)
    for eventClass in EventClass.allCases { self[eventClass] = named[eventClass.name] ?? Entry() }
  }

  public func encode(to encoder: any Encoder) throws {
    try Dictionary(uniqueKeysWithValues: EventClass.allCases.map { ($0.name, self[$0]) }).encode(to: encoder)
  }
}

/// What one sensor does on this kernel.
public struct SensorReport: Hashable, Sendable, Codable {
  /// The events' names have it in front: `process.exec`, `file`, `dns`.
  public let sensor: String
  /// The hook in use: `tp_btf/sched_process_exec`; nil where the sensor is off.
  public let hook: String?
  /// What the sensor does not see here, why, and what would help; nil where it sees everything.
  public let missing: String?

  public init(sensor: String, hook: String?, missing: String? = nil) {
    (self.sensor, self.hook, self.missing) = (sensor, hook, missing)
  }
}

/// What one of the kernel's programs costs, as the kernel counts it.
public struct ProgramCost: Hashable, Sendable, Codable {
  /// The object and the program in it: `calls.onCall`. A few dozen, whatever happens.
  public let name: String
  /// Where it is attached, as its section says: `raw_tp/sys_exit`.
  public let hook: String
  public let runs: UInt64
  /// Nanoseconds.
  public let time: UInt64

  public init(name: String, hook: String, runs: UInt64, time: UInt64) {
    (self.name, self.hook, self.runs, self.time) = (name, hook, runs, time)
  }
}
