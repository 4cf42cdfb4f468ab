// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// How events are written in a reply.
public enum ReplyFormat: String, CaseIterable, Sendable {
  /// One object a line, with the schema's names.
  case json
  /// The Open Cybersecurity Schema Framework.
  case ocsf
  /// The Elastic Common Schema's names.
  case ecs
  /// Batches as they are in memory, each behind its length: see ``EventFrames``.
  case packed

  public var contentType: String { self == .packed ? "application/vnd.merops.events" : "application/x-ndjson" }
}

/// Which events are wanted.
public struct EventRequest: Hashable, Sendable {
  /// Nanoseconds since 1970; nil for no bound.
  public var since: UInt64?
  public var until: UInt64?
  /// Empty for all.
  public var kinds: [EventKind] = []
  /// Only what this process did, or one that has the number.
  public var pid: UInt32?
  /// A condition in the expression language.
  public var condition: String?
  public var limit = Self.defaultLimit
  public var newestFirst = false
  public var format = ReplyFormat.json

  public static let defaultLimit = 1000
  public static let maximumLimit = 10_000_000

  public init() {}

  /// The names of the parameters, in the order in which they are written.
  public enum Key: String, CaseIterable, Sendable {
    case since, until, kinds, pid, `where`, limit, order, format
  }

  /// Reads a query string's items. One that is not known, or stands twice, is an error: it is a spelling mistake.
  public init(
    _ items: [(name: String, value: String)], now: UInt64, allowed: Set<Key> = Set(Key.allCases)
  ) throws(ControlError) {
    var seen: Set<Key> = []
    for (name, value) in items {
      guard let key = Key(rawValue: name), allowed.contains(key) else {
        let known = Key.allCases.filter(allowed.contains).map(\.rawValue)
        let meant = Spelling.nearest(to: name, among: known).map { "; did you mean `\($0)`?" } ?? "."
        throw .badRequest("There is no parameter `\(name)`\(meant) Known: \(known.joined(separator: ", ")).")
      }
      guard seen.insert(key).inserted else { throw .badRequest("The parameter `\(name)` stands twice.") }
      switch key {
      case .since: since = try TimePoint.parse(value, now: now)
      case .until: until = try TimePoint.parse(value, now: now)
      case .kinds: kinds = try Self.kinds(value)
      case .pid:
        guard let number = UInt32(value) else { throw .badRequest("`pid` has to be a process id, not '\(value)'.") }
        pid = number
      case .where: condition = value.isEmpty ? nil : value
      case .limit:
        guard let number = Int(value), (1...Self.maximumLimit).contains(number) else {
          throw .badRequest("`limit` has to be a number from 1 to \(Self.maximumLimit), not '\(value)'.")
        }
        limit = number
      case .order:
        guard ["oldest", "newest"].contains(value) else {
          throw .badRequest("`order` has to be oldest or newest, not '\(value)'.")
        }
        newestFirst = value == "newest"
      case .format:
        guard let known = ReplyFormat(rawValue: value) else {
          let names = ReplyFormat.allCases.map(\.rawValue).joined(separator: ", ")
          throw .badRequest("`format` has to be one of \(names), not '\(value)'.")
        }
        format = known
      }
    }
  }

  /// Kinds by name, with commas between them. `process` stands for all whose names begin so.
  public static func kinds(_ text: String) throws(ControlError) -> [EventKind] {
    var kinds: [EventKind] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      let found = EventKind.allCases.filter { $0.name == name || $0.name.hasPrefix(name + ".") }
      guard !found.isEmpty else {
        let names = EventKind.allCases.map(\.name)
        let groups = Set(names.compactMap { $0.split(separator: ".").first.map(String.init) })
        let meant = Spelling.nearest(to: String(name), among: names + groups).map { "; did you mean `\($0)`?" } ?? "."
        throw .badRequest("There is no event `\(name)`\(meant)\nKnown: " + names.joined(separator: ", ") + ".")
      }
      kinds += found
    }
    return kinds
  }

  /// The query string, without its question mark.
  public var query: String {
    var items: [(String, String)] = []
    // A time to the nanosecond has no shorter form than seconds with nine digits behind the point.
    if let since { items.append(("since", Self.time(since))) }
    if let until { items.append(("until", Self.time(until))) }
    if !kinds.isEmpty { items.append(("kinds", kinds.map(\.name).joined(separator: ","))) }
    if let pid { items.append(("pid", "\(pid)")) }
    if let condition { items.append(("where", condition)) }
    if limit != Self.defaultLimit { items.append(("limit", "\(limit)")) }
    if newestFirst { items.append(("order", "newest")) }
    items.append(("format", format.rawValue))
    return items.map { "\($0)=\(Self.escaped($1))" }.joined(separator: "&")
  }

  /// Percent-encoding of what is not unreserved (RFC 3986).
  public static func escaped(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: ","):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default: result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }

  private static func time(_ nanoseconds: UInt64) -> String { RFC3339.text(nanoseconds) }
}

/// Times as RFC 3339 has them, in UTC with nine digits behind the point.
public enum RFC3339 {
  public static func text(_ nanoseconds: UInt64) -> String {
    let seconds = nanoseconds / 1_000_000_000
    let (days, rest) = (seconds / 86_400, seconds % 86_400)
    let (era, dayOfEra) = ((days + 719_468) / 146_097, (days + 719_468) % 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let date = [era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1]
    let clock = [rest / 3600, rest / 60 % 60, rest % 60]
    func two(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let fraction = String(nanoseconds % 1_000_000_000)
    return date.map(two).joined(separator: "-") + "T" + clock.map(two).joined(separator: ":") + "."
      + String(repeating: "0", count: 9 - fraction.count) + fraction + "Z"
  }
}
