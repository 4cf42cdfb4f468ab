// SPDX-License-Identifier: Apache-2.0

import MeropsControl
import MeropsModel
import Yams

/// A value in the file, and where it stands.
struct ConfigurationValue {
  let node: Node
  let name: String

  func text() throws(ConfigurationProblem) -> String {
    guard let scalar = node.scalar else { throw problem("has to be one value, not a list or a block") }
    return scalar.string
  }

  func items() throws(ConfigurationProblem) -> [ConfigurationValue] {
    guard let sequence = node.sequence else { throw problem("has to be a list: [one, two]") }
    return sequence.map { ConfigurationValue(node: $0, name: name) }
  }

  /// Bytes of `512`, `64KiB`, `8 MB`: units are powers of 1,024 however they are written.
  func bytes() throws(ConfigurationProblem) -> UInt64 {
    let text = try text().filter { $0 != " " }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text[digits.endIndex...].uppercased()
    let shifts = [
      "": 0, "B": 0, "K": 10, "KB": 10, "KIB": 10, "M": 20, "MB": 20, "MIB": 20, "G": 30, "GB": 30, "GIB": 30,
    ]
    guard let number = UInt64(digits), let shift = shifts[unit], number < 1 << (60 - UInt64(shift)) else {
      throw problem("has to be a number of bytes, such as 512MiB or 2GiB")
    }
    return number << UInt64(shift)
  }

  func time() throws(ConfigurationProblem) -> UInt64 {
    guard let time = TimePoint.duration(try text()) else {
      throw problem("has to be a time, such as 250ms, 30s, 10m, 12h or 7d")
    }
    return time
  }

  func problem(_ message: String, candidates: [String] = [], written: String = "") -> ConfigurationProblem {
    ConfigurationProblem(
      "`\(written.isEmpty ? name : written)` \(message)", node.mark, nearest: written, among: candidates)
  }

  /// Text that YAML could take for something else stands in quotes.
  static func written(text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte)
        || [0x2d, 0x5f, 0x2e, 0x2f].contains(byte)
    }
    return isPlain && text.first.map { $0.isLetter || $0 == "/" } == true
      ? text : "'\(text.replacing("'", with: "''"))'"
  }

  static func written(bytes: UInt64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] as [(UInt64, String)]
    where bytes > 0 && bytes & (1 << shift - 1) == 0 {
      return "\(bytes >> shift)\(unit)"
    }
    return "\(bytes)"
  }

  static func written(time: UInt64) -> String {
    for (size, unit) in [
      (86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"),
    ]
      as [(UInt64, String)] where time > 0 && time % size == 0
    {
      return "\(time / size)\(unit)"
    }
    return "\(time / 1_000_000)ms"
  }
}

/// What is wrong with a file, and where.
struct ConfigurationProblem: Error {
  var message: String
  /// From 1 on; nil where it is not known.
  var line: Int?
  var column: Int?
  var hint: String?

  init(_ message: String, _ mark: Mark?, nearest written: String = "", among candidates: [String] = []) {
    self.message = message
    (line, column) = (mark?.line, mark?.column)
    if let best = Spelling.nearest(to: written, among: candidates) {
      self.message += "; did you mean `\(best)`?"
    }
    if !candidates.isEmpty { hint = "Known: " + candidates.joined(separator: ", ") + "." }
  }

  /// `merops.yaml:14:3: ...`, with the line and the place in it.
  func described(file: String, text: String) -> String {
    guard let line else { return "\(file): \(message)." + (hint.map { "\n\($0)" } ?? "") }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let shown = line <= lines.count ? String(lines[line - 1]) : ""
    let column = column ?? 1
    let space = String(repeating: " ", count: max(column - 1, 0))
    let number = String(line)
    let margin = String(repeating: " ", count: number.count)
    let end = message.hasSuffix("?") ? "" : "."
    return "\(file):\(line):\(column): \(message)\(end)\n  \(number) | \(shown)\n  \(margin) | \(space)^"
      + (hint.map { "\n\($0)" } ?? "")
  }
}
