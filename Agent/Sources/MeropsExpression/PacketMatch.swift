// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// A condition over packets: one source and one test of each kind, all of which have to hold. That is what the firewall's tables
/// can say; a condition that says more is an error, and never weakened.
///
///     try PacketMatch("source.address in \"203.0.113.0/24\" && network.transport == \"tcp\" && destination.port == 22")
public struct PacketMatch: Hashable, Sendable {
  /// Where packets come from; nil for anywhere.
  public private(set) var sources: [AddressBlock]?
  /// The number of a protocol: 6 is TCP.
  public private(set) var transport: UInt8?
  public private(set) var sourcePorts: ClosedRange<UInt16>?
  public private(set) var destinationPorts: ClosedRange<UInt16>?
  /// Names of TCP's flags, with whether they are set.
  public private(set) var flags: [String: Bool] = [:]
  public private(set) var icmpType: UInt8?
  /// `new` or `established`.
  public private(set) var state: String?

  /// The condition of a rule without one.
  public init() {}

  /// Reads and checks a text.
  ///
  /// - Parameter lists: named lists of addresses that stand behind `in`.
  public init(_ text: String, lists: [String: NamedList] = [:]) throws(ExpressionError) {
    let checker = Checker(kinds: [], lists: lists)
    for part in Self.parts(try Parser.parse(text)) { try add(part, checker) }
    if sourcePorts != nil || destinationPorts != nil, ![6, 17, 132].contains(transport) {
      throw ExpressionError(
        "ports are those of a protocol", 0..<text.utf8.count, hint: "Add `network.transport == \"tcp\"`, udp or sctp")
    }
    if !flags.isEmpty, transport != 6 {
      throw ExpressionError(
        "flags are those of TCP", 0..<text.utf8.count, hint: "Add `network.transport == \"tcp\"`")
    }
    if icmpType != nil, ![1, 58].contains(transport) {
      throw ExpressionError(
        "types are those of ICMP", 0..<text.utf8.count, hint: "Add `network.transport == \"icmp\"` or icmpv6")
    }
  }

  /// What conditions can name.
  public static let fields =
    ["source.address", "source.port", "destination.port", "network.transport", "icmp.type", "connection.state"]
    + flagNames.map { "tcp.flags.\($0)" }

  public static let flagNames = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"]

  /// What `&&` joins, however it is put in parentheses.
  private static func parts(_ syntax: Syntax) -> [Syntax] {
    if case .joined("&&", let operands) = syntax.kind { return operands.flatMap(parts) }
    return [syntax]
  }

  private mutating func add(_ part: Syntax, _ checker: Checker) throws(ExpressionError) {
    switch part.kind {
    case .joined:
      throw ExpressionError(
        "a rule about packets joins conditions by `&&` only", part.range, hint: "Write a rule for each alternative")
    case .unary("!", let operand):
      guard operand.path != nil, let flag = try field(operand).flag else { throw negation(part) }
      try set(flag, false, part)
    case .binary(let symbol, let left, let right):
      try compare(try field(left), symbol, right, part, checker)
    default:
      guard let flag = try field(part).flag else {
        throw ExpressionError("a condition compares a field with a value", part.range)
      }
      try set(flag, true, part)
    }
  }

  private struct Name {
    var path: String
    var flag: String? { path.hasPrefix("tcp.flags.") ? String(path.dropFirst(10)) : nil }
  }

  private func field(_ syntax: Syntax) throws(ExpressionError) -> Name {
    guard let path = syntax.path else {
      throw ExpressionError("a field of packets is wanted here", syntax.range, hint: Self.hint)
    }
    if Self.fields.contains(path) { return Name(path: path) }
    if path == "destination.address" {
      throw ExpressionError("the firewall looks packets up by their source only", syntax.range, hint: Self.hint)
    }
    let meant = Spelling.nearest(to: path, among: Self.fields).map { "; did you mean `\($0)`?" } ?? ""
    throw ExpressionError("packets have no field `\(path)`\(meant)", syntax.range, hint: Self.hint)
  }

  private static let hint = "Fields: " + fields.joined(separator: ", ")

  private func negation(_ part: Syntax) -> ExpressionError {
    ExpressionError(
      "the firewall cannot ask for what is not so", part.range,
      hint: "Write a rule with `action: allow` for the exception: the longer prefix counts")
  }

  private func twice(_ name: String, _ part: Syntax) -> ExpressionError {
    ExpressionError(
      "`\(name)` is asked for twice", part.range,
      hint: "A rule about packets has one test of each kind: write two rules")
  }

  private mutating func set(_ flag: String, _ isSet: Bool, _ part: Syntax) throws(ExpressionError) {
    guard flags.updateValue(isSet, forKey: flag) == nil else { throw twice("tcp.flags.\(flag)", part) }
  }

  private mutating func compare(
    _ name: Name, _ symbol: String, _ right: Syntax, _ part: Syntax, _ checker: Checker
  ) throws(ExpressionError) {
    if symbol == "!=" { throw negation(part) }
    switch name.path {
    case "source.address":
      guard sources == nil else { throw twice(name.path, part) }
      guard symbol == "in" || symbol == "==" else { throw wrong(symbol, name, part) }
      let blocks = try checker.blocks(try checker.term(right), right)
      guard symbol == "in" || blocks.allSatisfy({ $0.prefix == 128 }) else {
        throw ExpressionError("a block of addresses stands behind `in`", part.range)
      }
      sources = blocks
    case "source.port": sourcePorts = try range(sourcePorts, name, symbol, right, part)
    case "destination.port": destinationPorts = try range(destinationPorts, name, symbol, right, part)
    case "icmp.type":
      guard symbol == "==" else { throw wrong(symbol, name, part) }
      guard icmpType == nil else { throw twice(name.path, part) }
      guard let number = UInt8(exactly: try number(right)) else {
        throw ExpressionError("a type of ICMP is a number to 255", right.range)
      }
      icmpType = number
    case "network.transport":
      guard transport == nil else { throw twice(name.path, part) }
      let text = try word(name, symbol, right, part, known: nil)
      guard let number = IPTransport.number(text) else {
        throw ExpressionError("\"\(text)\" is no protocol", right.range, hint: "Write \(IPTransport.choices)")
      }
      transport = number
    case "connection.state":
      guard state == nil else { throw twice(name.path, part) }
      state = try word(name, symbol, right, part, known: ["new", "established"])
    default:
      throw ExpressionError(
        "`\(name.path)` is true or false", part.range, hint: "Write `\(name.path)` or `!\(name.path)`")
    }
  }

  private func wrong(_ symbol: String, _ name: Name, _ part: Syntax) -> ExpressionError {
    ExpressionError("`\(name.path)` cannot be compared by `\(symbol)` here", part.range)
  }

  private func number(_ syntax: Syntax) throws(ExpressionError) -> UInt64 {
    switch syntax.kind {
    case .int(let number), .uint(let number): return number
    default:
      throw ExpressionError(
        "a number is wanted here", syntax.range,
        hint: "Ports are one number, or a range: `destination.port >= 8000 && destination.port <= 8080`")
    }
  }

  private func word(
    _ name: Name, _ symbol: String, _ right: Syntax, _ part: Syntax, known: [String]?
  ) throws(ExpressionError) -> String {
    guard symbol == "==" else { throw wrong(symbol, name, part) }
    guard case .text(let bytes) = right.kind else {
      throw ExpressionError("a text is wanted here", right.range)
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard known?.contains(text) ?? true else {
      throw ExpressionError(
        "`\(name.path)` is never \"\(text)\"", right.range, hint: "Known: " + (known ?? []).joined(separator: ", "))
    }
    return text
  }

  /// What is left of a range of ports.
  private func range(
    _ before: ClosedRange<UInt16>?, _ name: Name, _ symbol: String, _ right: Syntax, _ part: Syntax
  ) throws(ExpressionError) -> ClosedRange<UInt16> {
    let value = Int(clamping: try number(right))
    let old = before ?? 0...UInt16.max
    let (first, last): (Int, Int) =
      switch symbol {
      case "==": (value, value)
      case ">=": (value, Int(old.upperBound))
      case ">": (value + 1, Int(old.upperBound))
      case "<=": (Int(old.lowerBound), value)
      case "<": (Int(old.lowerBound), value - 1)
      default: throw wrong(symbol, name, part)
      }
    guard let low = UInt16(exactly: max(first, Int(old.lowerBound))),
      let high = UInt16(exactly: min(last, Int(old.upperBound))), low <= high
    else { throw ExpressionError("no port meets this, and what was asked of it before", part.range) }
    return low...high
  }
}
