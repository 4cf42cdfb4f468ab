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
    let before = widths.dropLast().reduce(0) { $0 + $1 + 2 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        if column == last {
          let free = width.map { max($0 - 1 - before, 10) }
          line += free.map { cell.columns > $0 ? cell.fitted(to: $0) : cell } ?? cell
        } else {
          let space = String(repeating: " ", count: widths[column] - cell.columns)
          line += (numbers.contains(column) ? space + cell : cell + space) + "  "
        }
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
