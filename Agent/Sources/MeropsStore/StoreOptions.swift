// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// How much an ``EventStore`` keeps, on disk and in memory.
public struct StoreOptions: Sendable {
  /// Bytes on disk. The oldest events go when more are needed.
  public var maximumBytes = 2 << 30
  /// Seconds after which events go; nil for never.
  public var maximumAge: Double? = 30 * 86_400
  /// Bytes of events that wait for the disk. When they are more, the oldest of them are dropped and counted.
  public var queueBytes = 32 << 20
  /// Bytes of events that stay in memory after they are on disk, for a look back that needs no disk.
  public var recentBytes = 4 << 20
  /// Seconds that an event waits at most before a transaction is begun for it.
  public var commitInterval = 0.5
  /// Bytes of waiting events for which a transaction is begun at once.
  public var commitBytes = 4 << 20
  /// Seconds between tries to write, after one that failed.
  public var retryInterval = 1.0
  /// Bytes of one file: the grain of retention. nil: a sixteenth of ``maximumBytes``, from 16 MB to 512 MB.
  public var segmentBytes: Int?
  /// Takes one sentence when the store begins or ceases to do its work: a full disk, a damaged file.
  public var report: @Sendable (String) -> Void = { _ in }
  /// For tests: pages after which a file is full.
  var maximumPages: Int?

  public init() {}

  /// Two files at least, since the one that is written is never removed.
  var segmentLimit: Int { segmentBytes ?? min(max(maximumBytes / 16, 16 << 20), 512 << 20, maximumBytes / 2) }
}

/// What an ``EventStore`` has and does.
public struct StoreStatus: Sendable {
  public enum State: Hashable, Sendable {
    case storing
    /// Events stay in memory, as many as fit; the reason is a sentence.
    case memoryOnly(String)
    case closed
  }

  public internal(set) var state = State.storing
  /// Events that were written since the store was opened.
  public internal(set) var written: UInt64 = 0
  /// Events that were dropped before they were on disk.
  public internal(set) var dropped: UInt64 = 0
  /// Events that the store had already, by their ids.
  public internal(set) var repeated: UInt64 = 0
  /// Events that went because of their age or for room.
  public internal(set) var expired: UInt64 = 0
  /// Events that somebody else removed, with their files, while the store was open.
  public internal(set) var removed: UInt64 = 0
  /// Events that wait for the disk, and their bytes.
  public internal(set) var waitingEvents = 0
  public internal(set) var waitingBytes = 0
  /// Events on disk.
  public internal(set) var events = 0
  /// Bytes on disk.
  public internal(set) var bytes = 0
  public internal(set) var files = 0
  /// The time of the oldest event on disk, in nanoseconds since 1970.
  public internal(set) var oldest: UInt64?
  /// The newest event on disk.
  public internal(set) var committed: EventID?
  /// Transactions, and the seconds that they took.
  public internal(set) var commits: UInt64 = 0
  public internal(set) var commitSeconds = 0.0
  /// Files that were moved aside because SQLite could not read them, and those of a newer Merops.
  public internal(set) var setAside: [String] = []

  init() {}
}
