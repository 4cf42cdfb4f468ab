// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsModel
import Yams

/// A list in a file of its own: one member a line, `#` before a comment.
public enum ListFile {
  /// The most bytes of one.
  public static let sizeLimit = 8 << 20

  /// Whether a path leads from a policy's directory to a file below.
  static func isName(_ name: String) -> Bool {
    name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
      && !name.utf8.contains(0)
  }

  /// The names of the files that a text of policies has lists in. A text that is wrong names none: whoever reads it says why.
  public static func names(in text: String) -> [String] {
    guard text.contains("file:"), let documents = try? PolicyFile.documents(text, name: "") else { return [] }
    let lists = documents.compactMap { $0.node["spec"]?["lists"]?.mapping }
    let names = lists.flatMap { $0.values.compactMap { $0.mapping?["file"]?.scalar?.string } }
    return Set(names.filter(isName)).sorted()
  }

  static func read(_ text: String, name: String) throws(PolicyProblem) -> NamedList {
    var list = NamedList([])
    list.file = name
    var number = 0
    for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard let value = member(line) else { continue }
      list.values.append(Text(value))
      list.lines.append(number)
    }
    guard !list.values.isEmpty else {
      throw PolicyProblem("the list has no member", Rule.Place(file: name, line: 1, column: 1))
    }
    return list
  }

  /// What stands in a line, without space around it and without a comment; nil for nothing.
  private static func member(_ line: Substring.UTF8View) -> [UInt8]? {
    func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0d].contains(byte) }
    var value: [UInt8] = []
    for byte in line {
      if byte == UInt8(ascii: "#"), value.last.map(isSpace) ?? true { break }
      if value.isEmpty, isSpace(byte) { continue }
      value.append(byte)
    }
    while let last = value.last, isSpace(last) { value.removeLast() }
    return value.isEmpty ? nil : value
  }
}
