// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Counts events by who did them, by file or by destination.
public struct Tally: Sendable {
  public enum Subject: String, CaseIterable, Sendable, Codable {
    case process, file, destination
  }

  /// What the rows are sorted by: the most first, but names from A on.
  public enum Order: String, CaseIterable, Sendable, Codable {
    case acts, failed, bytes, name
  }

  /// One line.
  public struct Row: Hashable, Sendable, Codable {
    /// `bash(812)`, a path, or `192.0.2.7:443`.
    public var name: String
    public var events: UInt64
    /// Of the events, those that ended with an error.
    public var failed: UInt64
    /// Payload both ways, as far as connections have ended.
    public var bytes: UInt64
    /// The events by kind, most frequent first.
    public var kinds: [String: UInt64]

    public init(name: String, events: UInt64 = 0, failed: UInt64 = 0, bytes: UInt64 = 0, kinds: [String: UInt64] = [:])
    {
      (self.name, self.events, self.failed, self.bytes, self.kinds) = (name, events, failed, bytes, kinds)
    }
  }

  private enum Name: Hashable {
    case process(ProcessKey)
    case text([UInt8])
    case endpoint(Address, UInt64)
  }

  public let subject: Subject
  private typealias Value = (
    events: UInt64, failed: UInt64, bytes: UInt64, kinds: [EventKind: UInt64], label: [UInt8]
  )
  private var rows: [Name: Value] = [:]
  /// Events whose subject did not get a row of its own, because there were too many.
  public private(set) var others: UInt64 = 0
  private let limit: Int

  /// - Parameter limit: rows at most; the subjects of later events are counted together.
  public init(by subject: Subject, limit: Int = 50_000) { (self.subject, self.limit) = (subject, limit) }

  public mutating func count(_ batch: EventBatch) { for event in batch { count(event) } }

  public mutating func count(_ event: Event) {
    guard let name = name(event) else { return }
    guard rows[name] != nil || rows.count < limit else {
      others += 1
      return
    }
    let label: [UInt8]
    if rows[name] == nil, case .process = name, case .text(let text) = event.process.facts[.processName] {
      label = text.bytes
    } else {
      label = []
    }
    let repeats = event.kind == .fileRepeats ? Self.number(event[.eventCount]) ?? 1 : 1
    rows[name, default: (0, 0, 0, [:], label)].events &+= repeats
    rows[name]?.kinds[event.kind, default: 0] &+= repeats
    if event[.eventError] != nil { rows[name]?.failed &+= 1 }
    let bytes = [Field.networkBytesSent, .networkBytesReceived].compactMap { Self.number(event[$0]) }
    if !bytes.isEmpty { rows[name]?.bytes &+= bytes.reduce(0, &+) }
  }

  /// The first rows in an order.
  public func top(_ count: Int, by order: Order = .acts) -> [Row] {
    let named = rows.map { (name: Self.text($0.key, $0.value.label), value: $0.value) }
    func size(_ row: (name: String, value: Value)) -> UInt64 {
      switch order {
      case .acts: row.value.events
      case .failed: row.value.failed
      case .bytes: row.value.bytes
      case .name: 0
      }
    }
    let sorted = named.sorted { left, right in
      let (first, second) = (size(left), size(right))
      if first != second { return first > second }
      if order != .name, left.value.events != right.value.events { return left.value.events > right.value.events }
      return left.name < right.name
    }
    return sorted.prefix(count).map { name, value in
      Row(
        name: name, events: value.events, failed: value.failed, bytes: value.bytes,
        kinds: Dictionary(uniqueKeysWithValues: value.kinds.map { ($0.key.name, $0.value) }))
    }
  }

  private func name(_ event: Event) -> Name? {
    switch subject {
    case .process: return .process(event.process.key)
    case .file:
      guard event.kind.eventClass == .file, case .text(let path) = event[.filePath] else { return nil }
      return .text(path.bytes)
    case .destination:
      guard event.kind.eventClass == .network, event.kind != .networkAccept, event.kind != .networkListen,
        case .address(let address) = event[.destinationAddress]
      else { return nil }
      return .endpoint(address, Self.number(event[.destinationPort]) ?? 0)
    }
  }

  private static func number(_ value: MeropsModel.Value?) -> UInt64? {
    guard case .uint(let number) = value else { return nil }
    return number
  }

  private static func text(_ name: Name, _ label: [UInt8]) -> String {
    switch name {
    case .process(let key): "\(label.isEmpty ? "?" : String(decoding: label, as: UTF8.self))(\(key.pid))"
    case .text(let bytes): String(decoding: bytes, as: UTF8.self)
    case .endpoint(let address, let port): address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
  }
}

/// The answer to a question for the most active.
public struct TopReply: Hashable, Sendable, Codable {
  public var by: Tally.Subject
  /// Nanoseconds since 1970: from when on events were counted.
  public var since: UInt64
  public var rows: [Tally.Row]
  /// Events that belong to no row.
  public var others: UInt64

  public init(by: Tally.Subject, since: UInt64, rows: [Tally.Row], others: UInt64) {
    (self.by, self.since, self.rows, self.others) = (by, since, rows, others)
  }
}
