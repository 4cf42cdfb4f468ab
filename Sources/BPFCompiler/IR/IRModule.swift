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

  /// - Throws: `CompileError` with the first line of an unknown form: what is not understood is not left out.
  init(_ text: String) throws(CompileError) {
    let lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false).map { Substring($0) }
    var index = 0
    while index < lines.count {
      let line = lines[index]
      index += 1
      let number = index
      var isKnown = true
      switch line.utf8.first {
      case UInt8(ascii: "@"):
        let global = IRGlobal(line)
        isKnown = global != nil
        if let global { globals.append(global) }
      case UInt8(ascii: "!"): isKnown = metadata.add(line)
      case UInt8(ascii: "d") where line.hasPrefix("define "):
        let end = lines[index...].firstIndex(of: "}")
        let body = lines[index..<(end ?? index)].filter { !$0.isEmpty }
        let function = IRFunction(line, body: body)
        isKnown = function != nil && end != nil
        if let function { functions.append(function) }
        index = (end ?? index) + 1
      case UInt8(ascii: "d") where line.hasPrefix("declare "):
        let function = IRFunction(line, body: nil)
        isKnown = function != nil
        if let function { functions.append(function) }
      case UInt8(ascii: "a") where line.hasPrefix("attributes #"):
        let parts = line.dropFirst("attributes #".count).split(separator: " = ", maxSplits: 1)
        isKnown = parts.count == 2 && Int(parts[0]) != nil
        if parts.count == 2, let number = Int(parts[0]) { attributes[number] = parts[1] }
      case UInt8(ascii: ";"), nil: break
      default:
        isKnown = Self.preambleForms.contains(where: line.hasPrefix)
        preamble.append(line)
      }
      guard isKnown else { throw UnknownIR.error(line, number: number) }
    }
  }

  /// How the lines begin that stand before everything else and stay as they are.
  private static let preambleForms = ["source_filename = ", "target datalayout = ", "target triple = ", "%", "$"]

  /// How the compiler lays out data for the module's target.
  var dataLayout: String? {
    preamble.lazy.compactMap { IRText.quoted(after: "target datalayout = \"", in: $0) }.first
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
    let words = " \(definition)"
    guard [" global ", " constant ", " alias "].contains(where: { words.range(ofText: $0) != nil }) else { return nil }
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
