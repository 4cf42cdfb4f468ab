// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import MeropsScreens

struct TextTests {
  /// Each character takes the columns that the C library gives it, or is escaped.
  @Test func columnsAreThoseOfTheCLibrary() throws {
    let locale = try #require(newlocale(LC_CTYPE_MASK, "C.UTF-8", nil))
    defer { freelocale(locale) }
    let before = uselocale(locale)
    defer { uselocale(before) }
    // wchar.h is not in Swift's module.
    typealias Width = @convention(c) (UInt32) -> CInt
    let wcwidth = unsafeBitCast(try #require(dlsym(nil, "wcwidth")), to: Width.self)
    var (count, different) = (0, [String]())
    for value in UInt32(0x20)..<0x11_0000 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let width = wcwidth(value)
      let text = String(Character(scalar))
      guard width >= 0, text.visible == text else { continue }
      count += 1
      if text.columns != Int(width) { different.append("U+\(String(value, radix: 16)): \(text.columns), \(width)") }
    }
    #expect(count > 100_000)
    // Unicode versions differ in few characters.
    #expect(different.count < 100, "\(different.prefix(20))")
  }

  @Test(arguments: [
    ("plain", "plain"), ("a\u{1b}[2Jb", "a\\u001b[2Jb"), ("a\nb\tc\r", "a\\nb\\tc\\r"), ("\u{9b}31m", "\\u009b31m"),
    ("abc\u{202e}cba", "abc\\u202ecba"), ("a\u{200b}b\u{feff}", "a\\u200bb\\ufeff"), ("日本", "日本"),
    ("\u{2764}\u{fe0f}", "\u{2764}\\ufe0f"), ("👩\u{200d}💻", "👩\\u200d💻"), ("\u{e0041}", "\\ue0041"),
  ]) func whatActsOnATerminalIsEscaped(_ text: String, _ shown: String) { #expect(text.visible == shown) }

  @Test func textsFit() {
    for text in ["", "abc", "/usr/share/日本語/ファイル名.txt", "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", "日本語日本語"] {
      for width in 0...40 {
        #expect(text.fitted(to: width).columns == width)
        #expect(text.clipped(to: max(width, 1)).columns <= max(width, 1))
      }
    }
    #expect("/usr/lib/very/long/name".fitted(to: 11) == "/usr/…/name")
  }

  @Test func linesBreakAtSpaces() {
    #expect("one two three".wrapped(to: 8, indent: 2) == ["one two", "  three"])
    #expect("abcdefghij".wrapped(to: 4) == ["abcd", "efgh", "ij"])
    #expect("a bb".wrapped(to: 4) == ["a bb"] && "".wrapped(to: 4) == [""])
    let text = "the quick 棕色狐狸 jumps over the lazy dog and goes on"
    for width in 12...60 {
      let lines = text.wrapped(to: width, indent: 2)
      #expect(lines.allSatisfy { $0.columns <= width })
      #expect(lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
    }
  }
}
