// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// A condition over events, written in a subset of CEL.
///
///     let expression = try EventExpression("process.executable.path.startsWith(\"/tmp/\") && process.user.id == 0")
///     if expression.evaluate(event) == .yes { ... }
///
/// The language is total: each expression has an answer for each event, after a bounded number of steps. What a policy
/// does in the kernel and what a query does over stored events is the same checked tree.
public struct EventExpression: Sendable {
  /// The text.
  public let text: String
  public let condition: Condition

  /// Reads and checks a text.
  ///
  /// - Parameters:
  ///   - text: one expression of type `bool`.
  ///   - kinds: the events that it will be asked about; empty for any. A field that none of them has is an error.
  ///   - lists: named lists that stand behind `in`.
  ///   - macros: conditions by their names.
  public init(
    _ text: String, for kinds: [EventKind] = [], lists: [String: NamedList] = [:], macros: [String: Macro] = [:]
  ) throws(ExpressionError) {
    self.text = text
    condition = try Checker(kinds: kinds, lists: lists, macros: macros).condition(try Parser.parse(text))
  }
}

/// Values that an expression uses by name.
public struct NamedList: Hashable, Sendable {
  /// One value a line, as they would stand in an expression but without quotes: paths, numbers, address blocks.
  public var values: [Text]
  /// The file that they are from, and the line of each; nil where they stand in the policy.
  public var file: String?
  public var lines: [Int] = []

  public init(_ values: [Text]) { self.values = values }
}

/// What an expression says of an event.
public enum Verdict: Hashable, Sendable {
  case no
  case yes
  /// The event does not have a field that the answer depends on, or the kernel cut a text too early.
  case unknown
}
