// SPDX-License-Identifier: Apache-2.0

/// A module of LLVM's textual IR, taken apart as far as the rewriting needs: functions and global variables by name,
/// debug metadata by number, everything else as lines.
struct IRModule {
  /// Data layout, named types, comdats: what precedes everything else.
  var preamble: [Substring] = []
  var globals: [IRGlobal] = []
  var functions: [IRFunction] = []
  /// `attributes #N = { ... }`
  var attributes: [Int: Substring] = [:]
  var metadata = Metadata()

  init(_ text: String) {
    let lines = text.utf8.split(separator: 10, omittingEmptySubsequences: true).map { Substring($0) }
    var index = 0
    while index < lines.count {
      let line = lines[index]
      index += 1
      switch line.utf8.first {
      case UInt8(ascii: "@"):
        if let global = IRGlobal(line) { globals.append(global) }
      case UInt8(ascii: "!"): metadata.add(line)
      case UInt8(ascii: "d") where line.hasPrefix("define "):
        let end = lines[index...].firstIndex(of: "}") ?? lines.endIndex
        if let function = IRFunction(line, body: Array(lines[index..<end])) { functions.append(function) }
        index = min(end + 1, lines.endIndex)
      case UInt8(ascii: "d") where line.hasPrefix("declare "):
        if let function = IRFunction(line, body: nil) { functions.append(function) }
      case UInt8(ascii: "a") where line.hasPrefix("attributes #"):
        let parts = line.dropFirst("attributes #".count).split(separator: " = ", maxSplits: 1)
        if parts.count == 2, let number = Int(parts[0]) { attributes[number] = parts[1] }
      case UInt8(ascii: ";"): break
      default: preamble.append(line)
      }
    }
  }

  /// The module as the compiler reads it.
  var text: String {
    var result = ""
    for line in preamble { result += "\(line)\n" }
    for global in globals { result += "\(global.line)\n" }
    for function in functions { function.write(to: &result) }
    for (number, value) in attributes.sorted(by: { $0.key < $1.key }) { result += "attributes #\(number) = \(value)\n" }
    metadata.write(to: &result)
    return result
  }
}

/// A global variable: `@name = linkage ... global|constant TYPE VALUE, section "s", align N, !dbg !N`.
struct IRGlobal {
  var name: String
  /// What follows ` = `.
  var definition: Substring

  init?(_ line: Substring) {
    var rest = line.utf8.dropFirst()
    guard let name = IRText.takeName(&rest) else { return nil }
    let text = Substring(rest)
    guard text.hasPrefix(" = ") else { return nil }
    self.name = name
    definition = text.dropFirst(3)
  }

  init(name: String, definition: String) {
    self.name = name
    self.definition = Substring(definition)
  }

  var line: String { "@\(IRText.quoted(name)) = \(definition)" }

  /// The metadata node of its debug information: a `DIGlobalVariableExpression`.
  var debugNode: Int? { MetadataReference.last(in: definition, after: "!dbg ") }

  /// The section that it asks for.
  var section: String? { IRText.quoted(after: ", section \"", in: definition) }

  /// The type and the initial value, up to the first attribute.
  var initializer: Substring? {
    for word in [" constant ", " global "] {
      guard let range = " \(definition)".range(ofText: word) else { continue }
      let text = Substring(" \(definition)")[range.upperBound...]
      return IRText.commaSeparated(text).first
    }
    return nil
  }

  var isConstant: Bool { " \(definition)".range(ofText: " constant ") != nil }
}

extension StringProtocol {
  /// Where `needle` first occurs, by bytes.
  func range(ofText needle: String) -> Range<Index>? {
    let pattern = Array(needle.utf8)
    guard let first = pattern.first else { return nil }
    var start = utf8.startIndex
    while let found = utf8[start...].firstIndex(of: first) {
      if utf8[found...].starts(with: pattern) {
        return found..<utf8.index(found, offsetBy: pattern.count)
      }
      start = utf8.index(after: found)
    }
    return nil
  }
}
