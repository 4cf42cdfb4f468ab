// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import Testing

@testable import MeropsScreens

struct ScreenTests {
  @Test func theFootSaysWhatWasLost() {
    let foot = Foot(rate: 1204, shown: 38, filtered: 1000, skipped: 166, lost: 0, memory: 21 << 20, load: 0.004)
    let keys = ["e explain", "p pause", "? help", "q quit"]
    let full =
      "1,204 acts/s · 38 shown, 1,166 filtered, 0 lost · 21 MB · 0.4 % CPU    e explain  p pause  ? help  q quit"
    #expect(foot.text(width: 120, keys: keys) == full)
    // First what watching costs goes, then keys; how to leave and how to learn more stay.
    #expect(
      foot.text(width: 90, keys: keys)
        == "1,204 acts/s · 38 shown, 1,166 filtered, 0 lost    e explain  p pause  ? help  q quit")
    #expect(
      foot.text(width: 80, keys: keys) == "1,204 acts/s · 38 shown, 1,166 filtered, 0 lost    p pause  ? help  q quit")
    #expect(foot.text(width: 60, keys: keys) == "38 shown, 1,166 filtered, 0 lost  ? help  q quit")
    #expect(foot.text(width: 20, keys: keys) == "? help  q quit")
    for width in 5...130 { #expect(foot.text(width: width, keys: keys).columns <= width) }
  }

  @Test func aTreeHasEachProcessOnce() {
    let bash = sampleProcess(10, "bash", parent: nil)
    let shell = sampleProcess(12, "sh", parent: bash, [(.processArguments, .texts(["sh", "-c", "x"]))])
    let gone = sampleProcess(13, "gone", parent: bash)
    let orphan = sampleProcess(14, "cat", parent: gone)
    var users = noUsers
    let tree = ProcessTree([shell, orphan, bash])
    #expect(
      tree.lines(users: &users) == ["bash(10) deploy", "├─ sh(12) deploy  sh -c x", "└─ cat(14) deploy"])
    #expect(tree.lines(from: shell.key, users: &users) == ["sh(12) deploy  sh -c x"])
  }

  @Test func aTreeHasWhatEachDid() {
    var users = noUsers
    let events = [
      sample(.fileOpen), sample(.fileOpen), sample(.networkConnect), sample(.processExit, [(.exitCode, .int(3))]),
    ]
    #expect(
      ProcessTree(doersOf: events).lines(users: &users) == [
        "bash(10) deploy", "└─ sh(12) deploy  [process 1, file 2, network 1]  ended, status 3",
      ])
    var living = ProcessTree([sampleProcess(10, "bash", parent: nil)])
    living.count(events, addsDoers: false)
    #expect(living.lines(users: &users) == ["bash(10) deploy"])
    #expect(living.key(pid: 10)?.pid == 10 && living.key(pid: 12) == nil)
  }

  @Test func everythingKnownIsShown() {
    var users = noUsers
    let event = sample(.fileMode, [(.filePath, "/tmp/a"), (.fileMode, .uint(0o100644))], id: 5, time: 3_000_000_000)
    let others = [
      sample(.fileOpen, [(.filePath, "/before")], id: 4, time: 2_500_000_000),
      sample(.fileOpen, [(.filePath, "/after")], id: 6, time: 3_001_000_000),
    ]
    let lines = EventDetails(layout: LineLayout(offset: { _ in 0 })).lines(event, among: others, users: &users)
    #expect(lines.first == "00:00:03: sh(12) deploy chmod /tmp/a: rw-r--r--")
    #expect(lines.contains("ancestry  bash(10) > sh(12)"))
    #expect(lines.contains("before    500 ms earlier: opened /before: ok"))
    #expect(lines.contains("after     1.0 ms later: opened /after: ok"))
    #expect(lines.contains("  file.mode  0100644"))
    let narrow = EventDetails(layout: LineLayout(width: 40, offset: { _ in 0 })).lines(event, users: &users)
    #expect(narrow.allSatisfy { $0.columns < 40 })
  }

  @Test func tablesAreAligned() {
    var table = TextTable(["NAME", "COUNT", "WHAT"], numbers: [1])
    table.add(["a", "1,000", "x"])
    table.add(["bcd\n", "1", "a long last column that is cut"])
    #expect(
      table.lines() == ["NAME   COUNT  WHAT", "a      1,000  x", "bcd\\n      1  a long last column that is cut"])
    #expect(table.lines(width: 32).allSatisfy { $0.count < 32 })
    #expect(
      table.wrappedLines(width: 46).suffix(2) == ["bcd\\n      1  a long last column that is", "              cut"]
        || table.wrappedLines(width: 46).joined().contains("cut"))
    #expect(table.wrappedLines(width: 46).allSatisfy { $0.count < 46 })
  }
}
