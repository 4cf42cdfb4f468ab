// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// What is wrong with an expression, and where.
public struct ExpressionError: Error, Hashable, Sendable {
  /// A sentence without its place.
  public let message: String
  /// Bytes of the text that the message is about.
  public let range: Range<Int>
  /// What to do, if there is more to say than the message.
  public let hint: String?
  /// The macro whose text the range is of; nil for the expression's own.
  public private(set) var macro: String?
  /// Where the expression uses the macro that leads there.
  private var useRange: Range<Int>?

  init(_ message: String, _ range: Range<Int>, hint: String? = nil) {
    self.message = ShownLine.shortened(message)
    self.range = range
    self.hint = hint
  }

  /// The error as it is of an expression that uses a macro.
  func within(_ name: String, usedAt range: Range<Int>) -> ExpressionError {
    var error = self
    error.macro = macro ?? name
    error.useRange = range
    return error
  }

  /// What is said of the expression that uses the macro; nil where there is none.
  public var use: ExpressionError? {
    guard let macro, let useRange else { return nil }
    return ExpressionError("the macro `\(macro)` is used here", useRange)
  }

  /// The error for people: place, sentence, the line with its part marked, the hint.
  ///
  /// - Parameters:
  ///   - text: the expression's text.
  ///   - file: where the expression stands.
  ///   - line: the file's line of the expression's first character, from 1.
  ///   - column: its column, from 1.
  public func described(in text: String, file: String, line: Int = 1, column: Int = 1) -> String {
    let bytes = Array(text.utf8)
    let start = min(range.lowerBound, bytes.count)
    let lineStart = bytes[..<start].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let lineEnd = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    let row = bytes[..<start].count { $0 == UInt8(ascii: "\n") }
    // Columns count characters, as editors do.
    let before = String(decoding: bytes[lineStart..<start], as: UTF8.self)
    let marked = String(decoding: bytes[start..<max(start, min(range.upperBound, lineEnd))], as: UTF8.self)
    let place = "\(file):\(line + row):\(before.count + (row == 0 ? column : 1))"
    let shown = String(decoding: bytes[lineStart..<lineEnd], as: UTF8.self)
    let lines = ShownLine.marked(shown, before: before.count, length: marked.count)
    return (["\(place): \(message)"] + lines + [hint].compactMap { $0 }).joined(separator: "\n")
  }
}

extension ExpressionError: CustomStringConvertible {
  public var description: String { hint.map { "\(message). \($0)" } ?? message }
}
