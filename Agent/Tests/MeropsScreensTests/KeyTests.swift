// SPDX-License-Identifier: Apache-2.0

import MeropsScreens
import Testing

struct KeyTests {
  @Test(arguments: [
    ("q", [Key.character("q")]), ("\u{1b}[A", [.up]), ("\u{1b}[B\u{1b}OA", [.down, .up]),
    ("\u{1b}[5~\u{1b}[6~", [.pageUp, .pageDown]),
    ("\u{1b}[1;5A", [.up]), ("\u{1b}[H\u{1b}[4~", [.home, .end]), ("\r\u{7f}\t", [.enter, .backspace, .tab]),
    ("\u{04}", [.control("d")]), ("äö€🐝", [.character("ä"), .character("ö"), .character("€"), .character("🐝")]),
    // What nobody wants: function keys, Alt and a letter, an answer of the terminal.
    ("\u{1b}[15~\u{1b}x\u{1b}[?1;2cq", [.character("q")]), ("\u{1b}\u{1b}[A", [.escape, .up]),
  ]) func keysAreRead(_ text: String, _ keys: [Key]) {
    var whole = KeyReader()
    #expect(whole.keys(text.utf8) == keys && !whole.isWaiting)
    // Byte by byte the same.
    var slow = KeyReader()
    #expect(text.utf8.flatMap { slow.keys([$0]) } == keys && !slow.isWaiting)
  }

  @Test func escapeIsAKeyWhereNothingFollows() {
    var reader = KeyReader()
    #expect(reader.keys([0x1b]).isEmpty && reader.isWaiting)
    #expect(reader.flush() == [.escape] && !reader.isWaiting)
    // A sequence that never ended.
    #expect(reader.keys([0x1b, 0x5b]).isEmpty && reader.flush().isEmpty)
    #expect(reader.keys([0xff, 0xc3, 0x28, 0x61]) == [.character("("), .character("a")])
    #expect(reader.keys([0x1b, 0x5b] + Array(repeating: 0x31, count: 100)).count < 100)
  }
}
