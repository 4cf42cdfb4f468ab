// SPDX-License-Identifier: Apache-2.0

/// Rows of text in aligned columns, with a heading.
package struct Table {
  private var rows: [[String]]

  package init(_ heading: String...) { rows = [heading] }

  package mutating func row(_ cells: String...) { rows.append(cells) }

  package var isEmpty: Bool { rows.count == 1 }

  /// Columns are as wide as their widest cell; the last one that says something is not padded.
  package var text: String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.prefix((row.lastIndex { !$0.isEmpty } ?? 0) + 1)
      return cells.enumerated().map { column, cell in
        column == cells.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
