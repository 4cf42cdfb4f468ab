// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Which stored events are wanted, in which order.
public struct EventQuery: Sendable {
  public enum Order: Sendable { case oldestFirst, newestFirst }

  /// Events of this time or later, in nanoseconds since 1970-01-01 UTC.
  public var since: UInt64?
  /// Events before this time, in nanoseconds since 1970-01-01 UTC.
  public var until: UInt64?
  /// Empty for all.
  public var kinds: Set<EventKind> = []
  /// Processes with this id, one after the other.
  public var pid: UInt32?
  /// One process.
  public var process: ProcessKey?
  /// Processes that ran this program: the whole path.
  public var executable: [UInt8]?
  /// What else must hold.
  public var condition: (@Sendable (Event) -> Bool)?
  /// At most so many events.
  public var limit: Int?
  /// By ``EventID``, which is the order in which events were read.
  public var order = Order.newestFirst
  /// Goes on behind this event, in ``order``: the last one of the page before.
  public var after: EventID?

  public init() {}

  /// Narrows the query by values of which a field has to have one, as far as there is an index: kind, process id and
  /// executable. What is left out has to be left to ``condition``.
  public mutating func require(_ values: [Field: Set<Value>]) {
    if let kinds = values[.eventKind] {
      let known = Set(
        kinds.compactMap { if case .text(let name) = $0 { EventKind(name: name.description) } else { nil } })
      let both = self.kinds.isEmpty ? known : self.kinds.intersection(known)
      if both.isEmpty { limit = 0 } else { self.kinds = both }
    }
    if let pids = values[.processID], pids.count < 2 {
      let known = pids.compactMap { if case .uint(let pid) = $0 { UInt32(exactly: pid) } else { nil } }
      if known.isEmpty || pid != nil && pid != known[0] { limit = 0 } else { pid = known[0] }
    }
    if let paths = values[.processExecutable], paths.count < 2 {
      guard case .text(let path)? = paths.first, executable == nil || executable == path.bytes else {
        limit = 0
        return
      }
      executable = path.bytes
    }
  }

  /// Whether an event is one of these, whatever the order, the limit, and where to go on.
  func includes(_ event: Event) -> Bool {
    guard includes(time: event.time, kind: event.kind) else { return false }
    if pid != nil || process != nil || executable != nil, !includes(event.process) { return false }
    return condition?(event) ?? true
  }

  func includes(time: UInt64, kind: EventKind) -> Bool {
    time >= since ?? 0 && (until.map { time < $0 } ?? true) && (kinds.isEmpty || kinds.contains(kind))
  }

  private func includes(_ process: Process) -> Bool {
    if let pid, process.key.pid != pid { return false }
    if let key = self.process, process.key != key { return false }
    guard let executable else { return true }
    return process.facts[.processExecutable] == .text(Text(executable))
      || process.facts[.processExecutable] == .text(Text(executable, isCut: true))
  }

  /// Whether some of the events of a range of time and of some kinds may be wanted.
  func mayInclude(times: ClosedRange<UInt64>, kinds present: KindSet) -> Bool {
    times.upperBound >= since ?? 0 && (until.map { times.lowerBound < $0 } ?? true)
      && (kinds.isEmpty || kinds.contains { present.contains($0) })
  }

  /// Whether an event lies behind ``after``.
  func isBehind(_ id: EventID) -> Bool {
    guard let after else { return true }
    return order == .newestFirst ? id < after : id > after
  }
}

/// Kinds as bits.
struct KindSet: Hashable, Sendable {
  private(set) var words: SIMD4<UInt64>

  init() { words = .zero }
  init(words: SIMD4<UInt64>) { self.words = words }

  mutating func insert(_ kind: EventKind) { words[Int(kind.rawValue >> 6)] |= 1 << UInt64(kind.rawValue & 63) }
  func contains(_ kind: EventKind) -> Bool { words[Int(kind.rawValue >> 6)] >> UInt64(kind.rawValue & 63) & 1 == 1 }
}
