// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import MeropsScreens
import Testing

struct ScreenTests {
  @Test func theFootSaysWhatWasLost() {
    let foot = Foot(
      rate: 1204, shown: 38, filtered: 1166, lost: 0, memory: 21 << 20, load: 0.004, keys: "p pause  ? help")
    #expect(
      foot.text(width: 120)
        == "1,204 acts/s · 38 shown, 1,166 filtered, 0 lost · 21 MB · 0.4 % CPU    p pause  ? help")
    #expect(foot.text(width: 80) == "1,204 acts/s · 38 shown, 1,166 filtered, 0 lost · 21 MB · 0.4 % CPU")
    #expect(foot.text(width: 40).count == 40)
  }

  @Test func theFootStaysBelowTheLines() {
    var screen = LiveScreen(layout: LineLayout(width: 40))
    var terminal: [String] = []
    var row = 0
    // A terminal that knows what the screen uses.
    func write(_ text: String) {
      var rest = Substring(text)
      while let character = rest.first {
        if rest.hasPrefix("\u{1b}[1A") {
          row -= 1
          rest = rest.dropFirst(4)
        } else if rest.hasPrefix("\u{1b}[J") {
          terminal.removeSubrange(row...)
          rest = rest.dropFirst(3)
        } else {
          while terminal.count <= row { terminal.append("") }
          if character == "\n" { row += 1 } else if character != "\r" { terminal[row].append(character) }
          rest = rest.dropFirst()
        }
      }
    }
    write(screen.drawing(["one"]))
    screen.foot.shown = 2
    write(screen.drawing(["two", "three"]))
    #expect(terminal.prefix(3) == ["one", "two", "three"])
    #expect(terminal.count == 5 && terminal[4].contains("2 shown"))
    write(screen.erasing())
    #expect(terminal == ["one", "two", "three"])
  }

  @Test func aTreeHasEachProcessOnce() {
    let bash = sampleProcess(10, "bash", parent: nil)
    let shell = sampleProcess(12, "sh", parent: bash, [(.processArguments, .texts(["sh", "-c", "x"]))])
    let gone = sampleProcess(13, "gone", parent: bash)
    let orphan = sampleProcess(14, "cat", parent: gone)
    var users = noUsers
    let tree = ProcessTree([shell, orphan, bash])
    #expect(
      tree.lines(users: &users) { $0.pid == 14 ? "2 files" : "" } == [
        "bash(10) deploy", "├─ sh(12) deploy  sh -c x", "└─ cat(14) deploy   2 files",
      ])
    #expect(tree.lines(from: shell.key, users: &users) == ["sh(12) deploy  sh -c x"])
  }

  @Test func everythingKnownIsShown() {
    var users = noUsers
    let text = EventDetails(layout: LineLayout(offset: { _ in 0 })).text(
      sample(.fileMode, [(.filePath, "/tmp/a"), (.fileMode, .uint(0o100644))]), users: &users)
    #expect(text.hasPrefix("00:00:00: sh(12) deploy chmod /tmp/a: rw-r--r--\n"))
    #expect(text.contains("ancestry  bash(10) > sh(12)\n"))
    #expect(text.contains("  file.mode  0100644\n"))
  }

  @Test func tablesAreAligned() {
    var table = TextTable(["NAME", "COUNT", "WHAT"], numbers: [1])
    table.add(["a", "1,000", "x"])
    table.add(["bcd\n", "1", "a long last column that is cut"])
    #expect(
      table.lines() == ["NAME   COUNT  WHAT", "a      1,000  x", "bcd\\n      1  a long last column that is cut"])
    #expect(table.lines(width: 32).allSatisfy { $0.count < 32 })
  }
}
