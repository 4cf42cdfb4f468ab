// SPDX-License-Identifier: Apache-2.0

/// Rows of text in aligned columns, with a heading.
public struct TextTable: Sendable {
  private var rows: [[String]]
  private let numbers: Set<Int>

  /// - Parameters:
  ///   - heading: the columns' names.
  ///   - numbers: columns that are aligned at their right side.
  public init(_ heading: [String], numbers: Set<Int> = []) {
    rows = [heading]
    self.numbers = numbers
  }

  public mutating func add(_ row: [String]) { rows.append(row.map(\.visible)) }

  /// The lines, the heading first. With a width, the last column is cut to fit.
  public func lines(width: Int? = nil) -> [String] {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.columns)
      }
    }
    let last = widths.count - 1
    if let width {
      // The first column gives way, as far as the others' needs ask for.
      let others = widths.dropFirst().dropLast().reduce(0) { $0 + $1 + 2 }
      if last > 0 { widths[0] = min(widths[0], max(width - 1 - others - 12, 10)) }
    }
    let before = widths.dropLast().reduce(0) { $0 + $1 + 2 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let cell = column == 0 && cell.columns > widths[0] ? cell.fitted(to: widths[0]) : cell
        if column == last {
          let free = width.map { max($0 - 1 - before, 10) }
          line += free.map { cell.columns > $0 ? cell.fitted(to: $0) : cell } ?? cell
        } else {
          let space = String(repeating: " ", count: widths[column] - cell.columns)
          line += (numbers.contains(column) ? space + cell : cell + space) + "  "
        }
      }
      return line.withoutEnd
    }
  }

  /// The lines, with what does not fit into the last column on lines of its own below it. Where too little is left for the
  /// last column, it stands below the others.
  public func wrappedLines(width: Int) -> [String] {
    let last = (rows.map(\.count).max() ?? 1) - 1
    let widths = (0..<last).map { column in rows.map { $0.count > column ? $0[column].columns : 0 }.max() ?? 0 }
    let before = widths.reduce(0) { $0 + $1 + 2 }
    let isBelow = width - 1 - before < 30
    let margin = isBelow ? 4 : before
    return rows.enumerated().flatMap { number, row -> [String] in
      let head = (0..<last).map { row[$0].fitted(to: widths[$0]) + "  " }.joined()
      let texts = row[last].wrapped(to: max(width - 1 - margin, 20))
      let space = String(repeating: " ", count: margin)
      if isBelow {
        let heads = head.wrapped(to: width - 1, indent: 2).map(\.withoutEnd)
        return heads + (number == 0 ? [] : texts.filter { !$0.isEmpty }.map { space + $0 })
      }
      return ([head + (texts.first ?? "")] + texts.dropFirst().map { space + $0 }).map(\.withoutEnd)
    }
  }
}

extension String {
  /// The text without spaces at its end.
  var withoutEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
