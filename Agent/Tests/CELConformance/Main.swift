// SPDX-License-Identifier: Apache-2.0
// Runs the published conformance cases of CEL (cel-spec, tests/simple/testdata) that the expression language's subset
// touches:
//
//   swift run cel-conformance FOLDER
//
// A case passes when the answer is CEL's. What the language leaves out is refused when it is read, and counted; a different
// answer fails, but for what the language defines otherwise: arithmetic that CEL ends with an error wraps here.
import Foundation
import MeropsExpression
import MeropsModel

@main enum Conformance {
  static func main() {
    guard let folder = CommandLine.arguments.dropFirst().first,
      let files = try? FileManager.default.contentsOfDirectory(atPath: folder)
    else {
      print("usage: cel-conformance FOLDER, with the *.textproto files of cel-spec's tests/simple/testdata")
      exit(2)
    }
    var (passed, outside, wrapped) = (0, 0, 0)
    var failures: [String] = []
    for file in files.sorted() where file.hasSuffix(".textproto") {
      guard let text = try? String(contentsOfFile: folder + "/" + file, encoding: .utf8) else { continue }
      for test in TextProto(text).tests() {
        switch test.outcome() {
        case .passed: passed += 1
        case .outside: outside += 1
        case .wrapped: wrapped += 1
        case .failed(let why): failures.append("\(file) \(test.name): \(test.expression): \(why)")
        }
      }
    }
    for failure in failures { print("FAIL \(failure)") }
    print(
      "\(passed) pass, \(failures.count) fail, \(wrapped) are defined otherwise here, \(outside) are outside the subset"
    )
    exit(failures.isEmpty && passed > 0 ? 0 : 1)
  }
}

/// One case without variables.
struct Case {
  var name = ""
  var expression = ""
  /// The expected value as a literal of the language.
  var value: String?
  var isError = false
  var isBound = false

  enum Outcome {
    case passed
    case outside
    case wrapped
    case failed(String)
  }

  func outcome() -> Outcome {
    guard !isBound, let event = Self.event else { return .outside }
    if isError {
      guard let expression = condition("(\(expression)) == 0") ?? condition(expression) else { return .outside }
      return expression.evaluate(event) == .unknown ? .passed : .wrapped
    }
    guard let value else { return .outside }
    let text = value == "true" || value == "false" ? expression : "(\(expression)) == \(value)"
    guard let expression = condition(text) else { return .outside }
    let verdict = expression.evaluate(event)
    return verdict == (value == "false" ? .no : .yes) ? .passed : .failed("\(verdict), not \(value)")
  }

  private func condition(_ text: String) -> EventExpression? { try? EventExpression(text) }

  /// Cases without variables ask nothing of it.
  private static let event: Event? = {
    var builder = EventBatchBuilder()
    let process = Process(key: ProcessKey(start: 0, pid: 1), generation: 0, parent: nil, facts: Facts())
    builder.append(.processExec, id: EventID(rawValue: 0), time: 0, by: process)
    return builder.finish().first
  }()
}

/// As much of protobuf's text format as the cases use.
struct TextProto {
  private enum Word: Equatable {
    case name(String)
    case text(String)
    case open
    case close
  }

  private let words: [Word]

  init(_ text: String) {
    var words: [Word] = []
    let bytes = Array(text.utf8)
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "#"):
        while index < bytes.count, bytes[index] != 0x0a { index += 1 }
      case UInt8(ascii: "{"), UInt8(ascii: "<"):
        words.append(.open)
        index += 1
      case UInt8(ascii: "}"), UInt8(ascii: ">"):
        words.append(.close)
        index += 1
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        let text = Self.quoted(bytes, &index)
        // Texts beside each other are one.
        if case .text(let before)? = words.last {
          words[words.count - 1] = .text(before + text)
        } else {
          words.append(.text(text))
        }
      case 0x20, 0x09, 0x0a, 0x0d, UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"),
        UInt8(ascii: ";"):
        index += 1
      default:
        let start = index
        while index < bytes.count, !" \t\r\n:,{}<>[]\"'#;".utf8.contains(bytes[index]) { index += 1 }
        words.append(.name(String(decoding: bytes[start..<index], as: UTF8.self)))
      }
    }
    self.words = words
  }

  private static func quoted(_ bytes: [UInt8], _ index: inout Int) -> String {
    let quote = bytes[index]
    index += 1
    var result: [UInt8] = []
    while index < bytes.count, bytes[index] != quote {
      guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
        result.append(bytes[index])
        index += 1
        continue
      }
      let letter = bytes[index + 1]
      index += 2
      let simple: [UInt8: UInt8] = [0x6e: 10, 0x74: 9, 0x72: 13, 0x61: 7, 0x62: 8, 0x66: 12, 0x76: 11]
      if letter == UInt8(ascii: "x") {
        let end = bytes[index...].prefix(2).prefix { isxdigit(Int32($0)) != 0 }.endIndex
        result.append(UInt8(String(decoding: bytes[index..<end], as: UTF8.self), radix: 16) ?? 0)
        index = end
      } else if (0x30...0x37).contains(letter) {
        let end = bytes[(index - 1)...].prefix(3).prefix { (0x30...0x37).contains($0) }.endIndex
        result.append(UInt8(String(decoding: bytes[(index - 1)..<end], as: UTF8.self), radix: 8) ?? 0)
        index = end
      } else if letter | 0x20 == UInt8(ascii: "u") {
        let end = min(index + (letter == UInt8(ascii: "u") ? 4 : 8), bytes.count)
        let value = UInt32(String(decoding: bytes[index..<end], as: UTF8.self), radix: 16) ?? 0
        result += String(Character(Unicode.Scalar(value) ?? "?")).utf8
        index = end
      } else {
        result.append(simple[letter] ?? letter)
      }
    }
    index += 1
    return String(decoding: result, as: UTF8.self)
  }

  /// The blocks `test { ... }`.
  func tests() -> [Case] {
    var cases: [Case] = []
    var index = 0
    while index + 1 < words.count {
      if words[index] == .name("test"), words[index + 1] == .open {
        index += 2
        cases.append(test(&index))
      } else {
        index += 1
      }
    }
    return cases
  }

  private func test(_ index: inout Int) -> Case {
    var test = Case()
    var depth = 1
    while index < words.count, depth > 0 {
      let word = words[index]
      let next = index + 1 < words.count ? words[index + 1] : .close
      index += 1
      switch (word, next) {
      case (.open, _): depth += 1
      case (.close, _): depth -= 1
      case (.name("name"), .text(let text)) where depth == 1: test.name = text
      case (.name("expr"), .text(let text)) where depth == 1: test.expression = text
      case (.name("eval_error"), _) where depth == 1: test.isError = true
      case (.name("bindings"), _), (.name("type_env"), _), (.name("container"), _): test.isBound = true
      case (.name("bool_value"), .name(let value)) where depth == 2: test.value = value
      case (.name("int64_value"), .name(let value)) where depth == 2: test.value = value
      case (.name("uint64_value"), .name(let value)) where depth == 2: test.value = value + "u"
      case (.name("string_value"), .text(let text)) where depth == 2:
        test.value = "b\"" + text.utf8.map { String(format: "\\x%02x", $0) }.joined() + "\""
      default: break
      }
    }
    return test
  }
}
