// SPDX-License-Identifier: Apache-2.0

/// A condition that expressions use by its name.
public struct Macro: Hashable, Sendable {
  public let text: String
  let syntax: Syntax

  /// Reads a text. What its names mean is asked where it is used.
  public init(_ text: String) throws(ExpressionError) {
    self.text = text
    syntax = try Parser.parse(text)
  }

  /// Checks the macro by itself.
  ///
  /// - Parameters:
  ///   - name: what it is called.
  ///   - lists: named lists that it may use.
  ///   - macros: those that it may use, by their names.
  public func check(
    _ name: String, lists: [String: NamedList] = [:], macros: [String: Macro] = [:]
  ) throws(ExpressionError) {
    var checker = Checker(kinds: [], lists: lists, macros: macros)
    checker.open = [name]
    _ = try checker.condition(syntax)
  }
}

extension Checker {
  /// How many macros an expression may stand for: each may use others twice, and those again.
  static let macroLimit = 1000
  private static let depthLimit = 16

  /// Counts the macros that an expression stands for.
  final class Budget {
    fileprivate var count = 0
  }

  /// What a macro means here.
  func expanded(_ name: String, _ macro: Macro, _ range: Range<Int>) throws(ExpressionError) -> Condition {
    if let start = open.firstIndex(of: name) {
      let path = (open[start...] + [name]).map { "`\($0)`" }.joined(separator: ", which uses ")
      throw ExpressionError("the macro uses itself: \(path)", range)
    }
    budget.count += 1
    guard open.count < Self.depthLimit, budget.count <= Self.macroLimit else {
      throw ExpressionError(
        "the macro `\(name)` stands for too much", range,
        hint: "An expression may stand for \(Self.macroLimit) macros, nested \(Self.depthLimit) deep")
    }
    var inner = self
    inner.open.append(name)
    inner.variable = nil
    do { return try inner.condition(macro.syntax) } catch { throw error.within(name, usedAt: range) }
  }
}
