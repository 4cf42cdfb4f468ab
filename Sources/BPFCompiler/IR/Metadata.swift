// SPDX-License-Identifier: Apache-2.0

/// The metadata of a module: nodes by number and the named lists.
struct Metadata {
  /// The text of each node, after `!N = `.
  private var lines: [Int: Substring] = [:]
  private var named: [Substring] = []
  private(set) var end = 0
  /// LLVM numbers nodes with 32 bits.
  private static let limit = 1 << 31

  /// - Returns: false if the line is neither a node nor a named list.
  mutating func add(_ line: Substring) -> Bool {
    guard let range = line.range(ofText: " = ") else { return false }
    let name = line[..<range.lowerBound].dropFirst()
    guard let first = name.utf8.first, first != UInt8(ascii: "-"), !(48...57).contains(first) else {
      guard let number = Int(name), (0..<Self.limit).contains(number) else { return false }
      lines[number] = line[range.upperBound...]
      end = max(end, number + 1)
      return true
    }
    named.append(line)
    return true
  }

  /// The node with this number, taken apart.
  subscript(number: Int) -> MetadataNode? { lines[number].map(MetadataNode.init) }

  var numbers: Dictionary<Int, Substring>.Keys { lines.keys }

  /// Whether a node is of this kind, without taking it apart.
  func isKind(_ number: Int, _ kind: String) -> Bool {
    guard let line = lines[number] else { return false }
    return line.hasPrefix("!\(kind)(") || line.hasPrefix("distinct !\(kind)(")
  }

  mutating func replace(_ number: Int, with text: String) { lines[number] = Substring(text) }

  /// Adds a node, such as `!DIBasicType(...)`.
  ///
  /// - Returns: its number.
  mutating func append(_ text: String) -> Int {
    lines[end] = Substring(text)
    end += 1
    return end - 1
  }

  /// The nodes that a tuple `!{!1, !2}` lists; nil stands for `null`.
  func elements(_ number: Int) -> [Int?] {
    guard let line = lines[number], let start = line.utf8.firstIndex(of: UInt8(ascii: "{")),
      let (inside, _) = IRText.bracketed(line[start...])
    else { return [] }
    return IRText.commaSeparated(inside).map { Int($0.dropFirst()) }
  }

  /// Changes the named list `!name = !{...}`.
  mutating func mapNamed(_ name: String, _ keep: (Int) -> Bool) {
    for index in named.indices where named[index].hasPrefix("!\(name) = ") {
      guard let brace = named[index].utf8.firstIndex(of: UInt8(ascii: "{")),
        let (inside, _) = IRText.bracketed(named[index][brace...])
      else { continue }
      let kept = IRText.commaSeparated(inside).filter { Int($0.dropFirst()).map(keep) ?? true }
      named[index] = "!\(name) = !{\(kept.joined(separator: ", "))}"
    }
  }

  func write(to text: inout String) {
    for line in named { text += "\(line)\n" }
    for (number, line) in lines.sorted(by: { $0.key < $1.key }) { text += "!\(number) = \(line)\n" }
  }
}

/// One node: `distinct !DIFile(filename: "a", directory: "b")`, or a tuple.
struct MetadataNode {
  var isDistinct: Bool
  /// `DIFile`; empty for a tuple.
  var kind: Substring
  private(set) var fields: [(name: Substring, value: Substring)] = []

  init(_ text: Substring) {
    var text = text
    isDistinct = text.hasPrefix("distinct ")
    if isDistinct { text = text.dropFirst("distinct ".count) }
    guard let open = text.utf8.firstIndex(of: UInt8(ascii: "(")), text.utf8.dropFirst().first != UInt8(ascii: "{")
    else {
      kind = ""
      return
    }
    kind = text[..<open].dropFirst()
    guard let (inside, _) = IRText.bracketed(text[open...]) else { return }
    for part in IRText.commaSeparated(inside) {
      guard let colon = part.range(ofText: ": ") else { continue }
      fields.append((part[..<colon.lowerBound], part[colon.upperBound...]))
    }
  }

  subscript(name: String) -> Substring? {
    get { fields.first { $0.name == name }?.value }
    set {
      let index = fields.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): fields[index].value = value
      case (let index?, nil): fields.remove(at: index)
      case (nil, let value?): fields.append((Substring(name), value))
      case (nil, nil): break
      }
    }
  }

  /// The text of a quoted value.
  func string(_ name: String) -> String? {
    guard let value = self[name], value.hasPrefix("\""), value.hasSuffix("\"") else { return nil }
    return IRText.unescaped(value.dropFirst().dropLast())
  }

  func number(_ name: String) -> Int? { self[name].flatMap { Int($0) } }

  /// The node that a value `!12` refers to.
  func reference(_ name: String) -> Int? {
    guard let value = self[name], value.hasPrefix("!") else { return nil }
    return Int(value.dropFirst())
  }

  /// The node as it is written.
  var text: String {
    let list = fields.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
    return "\(isDistinct ? "distinct " : "")!\(kind)(\(list))"
  }
}

/// `!dbg !12` at the end of instructions, functions and variables.
enum MetadataReference {
  /// The number after the last `marker!`.
  static func last(in text: Substring, after marker: String) -> Int? {
    var result: Int?
    var rest = text
    while let range = rest.range(ofText: marker + "!") {
      rest = rest[range.upperBound...]
      result = Int(Substring(rest.utf8.prefix { (48...57).contains($0) }))
    }
    return result
  }
}
