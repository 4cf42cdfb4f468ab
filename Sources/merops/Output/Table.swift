// SPDX-License-Identifier: Apache-2.0

/// Rows of text in aligned columns, with a heading.
struct Table {
  private var rows: [[(text: String, width: Int)]] = []

  init(_ heading: String...) { add(heading) }

  mutating func row(_ cells: String...) { add(cells) }

  private mutating func add(_ cells: [String]) {
    rows.append(
      cells.map { cell in
        let text = cell.visible
        return (text, text.count)
      })
  }

  var isEmpty: Bool { rows.count == 1 }

  /// Columns are as wide as their widest cell; the last cell that has text is not padded.
  var text: String {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.width)
      }
    }
    var text = ""
    text.reserveCapacity(rows.count * (widths.reduce(0, +) + 2 * widths.count))
    for (index, row) in rows.enumerated() {
      if index > 0 { text += "\n" }
      var gap = 0
      for (cell, width) in zip(row, widths) {
        if cell.width > 0 {
          for _ in 0..<gap { text += " " }
          text += cell.text
          gap = 0
        }
        gap += width - cell.width + 2
      }
    }
    return text
  }
}
