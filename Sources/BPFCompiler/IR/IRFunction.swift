// SPDX-License-Identifier: Apache-2.0

/// A function: its header in parts, its body as lines.
struct IRFunction {
  var name: String
  /// Linkage, calling convention and result: what stands between `define` and the name.
  var result: Substring
  /// The parameters, each with its attributes: `ptr noundef %0`.
  var parameters: [Substring]
  /// What follows the parameters: attributes, `section`, `!dbg`; without the brace.
  var suffix: Substring
  /// nil for a declaration.
  var body: [Substring]?

  init?(_ header: Substring, body: [Substring]?) {
    guard let at = header.utf8.firstIndex(of: UInt8(ascii: "@")) else { return nil }
    let keyword = body == nil ? "declare " : "define "
    guard header.hasPrefix(keyword) else { return nil }
    result = IRText.trimmed(header[..<at].dropFirst(keyword.count))
    var rest = header[header.utf8.index(after: at)...].utf8[...]
    guard let name = IRText.takeName(&rest), let (inside, tail) = IRText.bracketed(Substring(rest)) else { return nil }
    self.name = name
    parameters = IRText.commaSeparated(inside)
    suffix = IRText.trimmed(tail)
    if suffix.hasSuffix("{") { suffix = IRText.trimmed(suffix.dropLast()) }
    self.body = body
  }

  func write(to text: inout String) {
    let head = "\(result) @\(IRText.quoted(name))(\(parameters.joined(separator: ", "))) \(suffix)"
    guard let body else {
      text += "declare \(head)\n"
      return
    }
    text += "define \(head) {\n"
    for line in body { text += "\(line)\n" }
    text += "}\n"
  }

  /// The type of the result, without linkage and attributes.
  var resultType: Substring {
    if result.hasSuffix("}") {
      guard let start = result.utf8.firstIndex(of: UInt8(ascii: "{")) else { return result }
      return result[start...]
    }
    return result.split(separator: " ").last ?? result
  }

  /// An unknown word before the name, such as a new calling convention; nil if all are known.
  var unknownWord: Substring? {
    result.split(separator: " ").first { word in
      word.utf8.allSatisfy { (97...122).contains($0) || $0 == UInt8(ascii: "_") || (48...57).contains($0) }
        && !Self.words.contains(word) && !(word.hasPrefix("i") && Int(word.dropFirst()) != nil) && Int(word) == nil
    }
  }

  private static let words: Set<Substring> = [
    "protected", "hidden", "default", "weak_odr", "linkonce_odr", "linkonce", "internal", "private", "external",
    "dso_local", "swiftcc", "swifttailcc", "fastcc", "ccc", "weak", "available_externally", "unnamed_addr",
    "local_unnamed_addr", "noundef", "signext", "zeroext", "noalias", "nonnull", "align", "inreg", "ptr", "void",
    "double",
    "float", "half",
  ]

  /// The metadata node of its debug information: a `DISubprogram`.
  var debugNode: Int? { MetadataReference.last(in: suffix, after: "!dbg ") }

  /// The section that it asks for.
  var section: String? { IRText.quoted(after: "section \"", in: suffix) }

  /// The numbers of its attribute groups.
  var attributeGroups: [Int] {
    suffix.split(separator: " ").compactMap { $0.hasPrefix("#") ? Int($0.dropFirst()) : nil }
  }
}

extension IRFunction {
  /// Takes away the debug information of the function and of its instructions.
  mutating func dropPlaces() {
    suffix = Self.withoutDebug(suffix)
    body = body?.compactMap { line in
      IRText.trimmed(line).hasPrefix("#dbg_") ? nil : Self.withoutDebug(line)
    }
  }

  private static func withoutDebug(_ line: Substring) -> Substring {
    guard let range = line.range(ofText: "!dbg !") else { return line }
    let after = line[range.upperBound...].utf8.drop { (48...57).contains($0) }
    var before = IRText.trimmedEnd(line[..<range.lowerBound])
    if before.hasSuffix(",") { before.removeLast() }
    return Substring(before + Substring(after))
  }
}
