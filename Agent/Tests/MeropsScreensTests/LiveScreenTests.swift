// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import Testing

@testable import MeropsScreens

struct LiveScreenTests {
  private func screen(_ count: Int = 0, isColored: Bool = false) -> LiveScreen {
    var screen = LiveScreen(layout: LineLayout(isColored: isColored, offset: { _ in 0 }), users: noUsers)
    screen.title = "merops"
    for id in 0..<count { screen.take(open(id)) }
    return screen
  }

  private func open(_ id: Int) -> EventBatch {
    sampleBatch(.fileOpen, [(.filePath, .text(Text("/f\(id)")))], id: UInt64(id + 1), time: UInt64(id) * 1_000_000_000)
  }

  private func press(_ screen: inout LiveScreen, _ text: String) -> LiveScreen.Wish? {
    text.reduce(nil) { screen.press(.character($1)) ?? $0 }
  }

  /// The names of the files on the screen; the marked one with its mark.
  private func files(_ screen: inout LiveScreen, width: Int = 80, height: Int = 9) -> [String] {
    screen.frame(width: width, height: height).compactMap { line in
      guard let start = line.firstRange(of: "opened")?.upperBound else { return nil }
      let name = line[start...].split(separator: " ").first.map(String.init) ?? ""
      return (line.contains(">") ? ">" : "") + name
    }
  }

  @Test func theNewestAreAtTheEnd() {
    var screen = screen(3)
    let frame = screen.frame(width: 80, height: 9)
    #expect(frame.count == 9 && frame[0] == "merops" && frame[1].hasPrefix("TIME"))
    #expect(frame[2].hasPrefix("00:00:00  sh(12) deploy") && frame[2].hasSuffix("ok"))
    #expect(frame[7].hasPrefix("───") && frame[8].hasSuffix("? help  q quit"))
    for id in 3..<20 { screen.take(open(id)) }
    #expect(files(&screen) == ["/f15", "/f16", "/f17", "/f18", "/f19"])
    #expect(screen.foot.shown == 20)
  }

  /// Whatever the size, no line is as wide as the screen, and there are as many as it has rows.
  @Test func everySizeWorks() {
    let name = "/tmp/日本語\u{1b}[31m\u{202e}\u{0}" + String(repeating: "ファイル", count: 40)
    var process = [(Field, Value)]()
    process.append((.processArguments, .texts(["sh", Text("\u{7}bell"), Text([0xff, 0xfe])])))
    var screen = screen()
    for id in 0..<30 {
      screen.take(sampleBatch(.fileOpen, [(.filePath, .text(Text(name)))], process: process, id: UInt64(id + 1)))
    }
    for view in ["", "e", "t", "?", "/"] {
      var screen = screen
      _ = press(&screen, view)
      if view == "/" { screen.reject("where:1:1: wrong\n  \u{1b}x\n  ^~~") }
      for width in [20, 40, 60, 80, 100, 200] {
        for height in [5, 10, 24, 60] {
          let frame = screen.frame(width: width, height: height)
          #expect(frame.count == height)
          for line in frame {
            #expect(line.columns < width, "\(view) at \(width): \(line)")
            #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{202e}" })
          }
        }
      }
    }
  }

  @Test func pausedStandsStill() {
    var screen = screen(10)
    _ = press(&screen, "p")
    let before = files(&screen)
    for id in 10..<20 { screen.take(open(id)) }
    #expect(files(&screen) == before && screen.frame(width: 80, height: 9).last!.hasPrefix("paused"))
    _ = press(&screen, "p")
    #expect(files(&screen).last == "/f19")
  }

  @Test func aLineIsMarkedAndTheScreenFollowsIt() {
    var screen = screen(10)
    #expect(files(&screen) == ["/f5", "/f6", "/f7", "/f8", "/f9"])
    #expect(screen.press(.up) == nil)
    #expect(files(&screen) == ["/f5", "/f6", "/f7", "/f8", ">/f9"])
    for id in 10..<12 { screen.take(open(id)) }
    for _ in 0..<5 { _ = press(&screen, "k") }
    #expect(files(&screen) == [">/f4", "/f5", "/f6", "/f7", "/f8"])
    _ = press(&screen, "g")
    #expect(files(&screen) == [">/f0", "/f1", "/f2", "/f3", "/f4"])
    _ = screen.press(.pageDown)
    #expect(files(&screen) == ["/f1", "/f2", "/f3", "/f4", ">/f5"])
    // Below the newest the screen follows again.
    _ = press(&screen, "G")
    #expect(files(&screen) == ["/f7", "/f8", "/f9", "/f10", "/f11"])
    _ = press(&screen, "k")
    #expect(files(&screen).last == ">/f11")
    _ = press(&screen, "j")
    #expect(files(&screen).last == "/f11" && screen.isFollowing)
    _ = press(&screen, "k")
    #expect(screen.press(.escape) == nil && screen.isFollowing)
  }

  @Test func explainingShowsTheMarkedEventOrTheNewest() {
    var screen = screen(5)
    _ = press(&screen, "e")
    #expect(screen.frame(width: 80, height: 30).contains { $0.hasPrefix("00:00:04: sh(12) deploy opened /f4") })
    _ = press(&screen, "pp")
    let frame = screen.frame(width: 80, height: 30)
    #expect(frame.contains { $0.hasPrefix("00:00:02: sh(12) deploy opened /f2") })
    #expect(
      frame.contains("before    1.0 s earlier: opened /f1: ok")
        && frame.contains("after     1.0 s later: opened /f3: ok"))
    _ = press(&screen, "q")
    #expect(files(&screen).contains(">/f2"))
    // Nothing to explain, and nothing to mark.
    var empty = self.screen()
    _ = press(&empty, "ekjGg")
    #expect(empty.frame(width: 80, height: 9).count == 9)
  }

  @Test func wordsAreLookedFor() {
    var screen = screen(30)
    #expect(press(&screen, "/F2") == nil)
    #expect(screen.frame(width: 80, height: 9).last == "/F2█")
    #expect(screen.press(.enter) == nil)
    #expect(files(&screen) == ["/f25", "/f26", "/f27", "/f28", "/f29"])
    screen.take(open(30))
    screen.take(open(42))
    screen.take(open(2))
    #expect(files(&screen) == ["/f27", "/f28", "/f29", "/f2"] || files(&screen).last == "/f2")
    #expect(!files(&screen).contains("/f30") && !files(&screen).contains("/f42"))
    #expect(screen.frame(width: 80, height: 9)[7].hasPrefix("── only: f2"))
    _ = screen.press(.escape)
    #expect(files(&screen).contains("/f42"))
  }

  @Test func aConditionIsAskedOfTheAgent() {
    var screen = screen(3)
    _ = press(&screen, "/pid == 1")
    #expect(screen.press(.enter) == .filter("pid == 1"))
    screen.reject("where:1:1: there is no field `pid`; did you mean `process.pid`?\n  pid == 1\n  ^~~")
    let frame = screen.frame(width: 80, height: 12)
    #expect(frame.suffix(4).map { $0.prefix(10) } == ["where:1:1:", "  pid == 1", "  ^~~", "/pid == 1█"])
    // Typing on takes the message away; what was typed is still there.
    #expect(screen.press(.backspace) == nil)
    #expect(screen.frame(width: 80, height: 12).last == "/pid == █")
    _ = screen.press(.control("u"))
    _ = press(&screen, "process.pid == 12")
    #expect(screen.press(.enter) == .filter("process.pid == 12"))
    screen.show([open(7)], where: "process.pid == 12")
    #expect(files(&screen) == ["/f7"] && screen.condition == "process.pid == 12")
    #expect(screen.press(.escape) == .filter(nil))
    screen.show([open(1), open(7)], where: nil)
    #expect(files(&screen) == ["/f1", "/f7"])
    // Words after a condition: all events are needed again.
    screen.show([open(7)], where: "true")
    _ = press(&screen, "/")
    _ = screen.press(.control("u"))
    _ = press(&screen, "f1")
    #expect(screen.press(.enter) == .filter(nil))
    screen.show([open(1), open(7)], where: nil)
    #expect(files(&screen) == ["/f1"])
  }

  @Test(arguments: [
    ("curl", false), ("/etc/passwd", false), ("192.0.2.7:443", false), ("process.exec", false), ("", false),
    ("process.user.id == 0", true), ("has(process.tty)", true), ("process.pid in [1]", true),
    ("process.executable.deleted", true), ("!process.executable.memfd", true), ("true", true),
  ]) func wordsAndConditionsDiffer(_ text: String, _ isCondition: Bool) {
    #expect(LiveScreen.isCondition(text) == isCondition)
  }

  @Test func everythingIsShownOnDemand() {
    var screen = screen(2)
    screen.take(sampleBatch(.processFork, id: 3))
    #expect(screen.frame(width: 80, height: 9).filter { $0.contains("forked") }.isEmpty && screen.foot.skipped == 1)
    _ = press(&screen, "a")
    #expect(screen.frame(width: 80, height: 9).filter { $0.contains("forked") }.count == 1)
    _ = press(&screen, "a")
    #expect(files(&screen) == ["/f0", "/f1"])
  }

  @Test func keysLeave() {
    var screen = screen(1)
    #expect(press(&screen, "?q") == nil && press(&screen, "tq") == nil && press(&screen, "eq") == nil)
    #expect(press(&screen, "q") == .quit && screen.press(.control("d")) == .quit)
    // What is typed is text.
    #expect(press(&screen, "/q") == nil && screen.press(.escape) == nil && press(&screen, "q") == .quit)
  }

  /// A day of events, and one line of it marked: memory is bounded, and the marked line is what it was or has gone.
  @Test func theHistoryIsBounded() {
    var screen = screen(10)
    _ = press(&screen, "k")
    for id in 10..<20_000 { screen.take(open(id)) }
    #expect(screen.history.events.count <= 8000 && screen.history.visible.count <= 8000)
    #expect(screen.frame(width: 80, height: 24).count == 24)
    #expect(press(&screen, "e") == nil)
    #expect(screen.frame(width: 80, height: 24).contains { $0.contains("opened /f") })
  }

  @Test func theTreeHasWhoDidWhat() {
    var screen = screen(3)
    _ = press(&screen, "t")
    let frame = screen.frame(width: 80, height: 12)
    #expect(frame.contains("└─ sh(12) deploy  [file 3]"))
  }
}
