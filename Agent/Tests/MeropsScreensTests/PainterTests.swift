// SPDX-License-Identifier: Apache-2.0

import MeropsScreens
import Testing

/// A terminal that knows what the painter uses.
struct SmallTerminal {
  var rows: [String]
  var written = 0

  init(height: Int) { rows = Array(repeating: "", count: height) }

  mutating func write(_ text: String) {
    written += text.utf8.count
    var rest = Substring(text)
    var row = 0
    while let character = rest.first {
      guard character == "\u{1b}" else {
        rows[row].append(character)
        rest.removeFirst()
        continue
      }
      let sequence = rest.prefix { !($0.isLetter) } + rest.drop { !$0.isLetter }.prefix(1)
      rest = rest.dropFirst(sequence.count)
      switch sequence.last {
      case "H":
        row = (Int(sequence.dropFirst(2).prefix { $0.isNumber }) ?? 1) - 1
        rows[row] = ""
      case "J": rows = Array(repeating: "", count: rows.count)
      case "K": break
      default: Issue.record("\(sequence.debugDescription) is not known")
      }
    }
  }
}

struct PainterTests {
  @Test func onlyWhatChangesIsWritten() {
    var painter = Painter()
    var terminal = SmallTerminal(height: 4)
    terminal.write(painter.painting(["one", "two", "three"], width: 20, height: 4))
    #expect(terminal.rows == ["one", "two", "three", ""])
    let first = terminal.written
    terminal.write(painter.painting(["one", "2", "three"], width: 20, height: 4))
    #expect(terminal.rows == ["one", "2", "three", ""] && terminal.written - first < first / 2)
    #expect(painter.painting(["one", "2", "three"], width: 20, height: 4) == "")
    // Fewer lines leave nothing of the others; another size, or a stranger's writing, begins anew.
    terminal.write(painter.painting(["1"], width: 20, height: 4))
    #expect(terminal.rows == ["1", "", "", ""])
    terminal.write(painter.painting(["a", "b", "c", "d", "e"], width: 10, height: 4))
    #expect(terminal.rows == ["a", "b", "c", "d"])
    painter.forget()
    terminal.write(painter.painting(["x", "y"], width: 10, height: 4))
    #expect(terminal.rows == ["x", "y", "", ""])
  }
}
