// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@testable import BTFCoding

@Suite struct JSONTests {
  static let values: [(text: String, value: BTFValue)] = [
    ("0", .unsigned(0)),
    ("-1", .signed(-1)),
    ("18446744073709551615", .unsigned(.max)),
    ("-9223372036854775808", .signed(.min)),
    ("18446744073709551616", .unsigned128(1 << 64)),
    ("-9223372036854775809", .signed128(Int128(Int64.min) - 1)),
    ("340282366920938463463374607431768211455", .unsigned128(.max)),
    ("1.5", .float(1.5)),
    ("-2e3", .float(-2000)),
    ("true", .bool(true)),
    (" [ ] ", .array([])),
    ("{}", .structure([])),
    (#""a\"\\\/\b\f\n\r\té\u00e9\ud83d\udc1d""#, .string("a\"\\/\u{8}\u{c}\n\r\téé🐝")),
    (
      "{\"b\": [1, {\"a\": false}], \"a\": \"x\"}",
      .structure([
        .init("b", .array([.unsigned(1), .structure([.init("a", .bool(false))])])), .init("a", .string("x")),
      ])
    ),
  ]

  @Test(arguments: values)
  func reads(text: String, value: BTFValue) throws {
    #expect(try BTFValue(json: text) == value)
    // What is written reads back the same, and as the same to a second reader.
    #expect(try BTFValue(json: value.json) == value)
    let theirs = try JSONSerialization.jsonObject(with: Data(value.json.utf8), options: .fragmentsAllowed)
    let theirsOfText = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    #expect((theirs as? NSObject) == (theirsOfText as? NSObject))
  }

  @Test(arguments: [
    "", " ", "nul", "null", "tru", "truee", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "1 2", "[1,]", "[,1]",
    "[1", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{\"a\":1", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
    "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\n\"", "'a'", "NaN", "1e999",
    "340282366920938463463374607431768211456",
  ])
  func refuses(text: String) {
    #expect(throws: BTFValueError.self) { try BTFValue(json: text) }
  }

  @Test("Depth is bounded")
  func depth() throws {
    let deepest = JSONParser.depthLimit
    #expect(throws: Never.self) {
      try BTFValue(json: String(repeating: "[", count: deepest) + String(repeating: "]", count: deepest))
    }
    #expect(throws: BTFValueError.self) { try BTFValue(json: String(repeating: "[", count: 1_000_000)) }
  }

  @Test("Any text survives", arguments: 0..<50)
  func strings(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let scalars = (0..<64).compactMap { _ in
      Unicode.Scalar(UInt32.random(in: 0...0x1ffff, using: &random) >> (seed % 12))
    }
    let value = BTFValue.string(String(String.UnicodeScalarView(scalars)))
    #expect(try BTFValue(json: value.json) == value)
    let theirs = try JSONSerialization.jsonObject(with: Data(value.json.utf8), options: .fragmentsAllowed)
    #expect(theirs as? String == String(String.UnicodeScalarView(scalars)))
  }
}
