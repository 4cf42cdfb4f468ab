// SPDX-License-Identifier: Apache-2.0

import BTF

/// Values as they are typed on a command line.
extension ValueEncoder {
  mutating func encode(text: String) throws(BTFValueError) {
    let text = text.trimmed
    // An argument that is missing in a script must not become the value of zeros, such as the prefix 0.0.0.0/0.
    guard !text.isEmpty else { throw expected("an empty argument") }
    if text == "hex" || text.hasPrefix("hex ") { return try encode(hex: text.dropFirst(3)) }
    if text.hasPrefix("{") || text.hasPrefix("[") || text.hasPrefix("\"") {
      let value = try BTFValue(json: text)
      guard !saysNothing(value) else { throw expected("'\(text)'") }
      return try encode(value)
    }
    // In text for a single value, '=' is a character like any other.
    guard case .composite = root.shape, text.contains("=") else {
      if case .composite = root.shape, NetworkText.address(text, size: root.size) == nil {
        throw expected("'\(text)'")
      }
      return try encode(.string(text), root, at: 0, width: 0)
    }
    var assignments = Assignments(text[...])
    while let (path, value) = try assignments.next() {
      let place = try locate(path)
      do {
        try encode(value, place.node, at: place.offset, width: place.width)
      } catch { throw error.inside(Self.text(path)) }
    }
  }

  /// Whether JSON names no part of a value that has some.
  private func saysNothing(_ value: BTFValue) -> Bool {
    switch (value, root.shape) {
    case (.structure(let fields), .composite(let composite)): fields.isEmpty && !composite.members.isEmpty
    case (.array(let elements), .array(_, let count, _)): elements.isEmpty && count > 0
    default: false
    }
  }

  private func expected(_ given: String) -> BTFValueError {
    BTFValueError(.text("\(form) is expected, not \(given)"))
  }

  /// How a value of the type is written.
  private var form: String {
    switch root.shape {
    case .integer, .networkInteger: return "a number"
    case .float: return "a number such as 0.5"
    case .pointer: return "an address such as 0xffff888000000000, or null"
    case .enumeration(let enumeration):
      guard let name = enumeration.known.first else { return "a number" }
      return "a number, or a name such as \(name)"
    case .array(_, _, content: .text): return "text, \"\" for the empty one"
    case .array(let element, let count, content: .bytes):
      return "JSON such as [1,2], or 'hex' and \(count * element.size) bytes such as 0a"
    case .array: return "JSON such as [1,2]"
    case .composite(let composite) where composite.isAddress:
      switch root.size {
      case 4: return "an address such as 10.0.0.1"
      case 6: return "an address such as 02:00:00:00:00:01"
      default: return "an address such as 2001:db8::1"
      }
    case .composite(let composite):
      let names = composite.members.prefix(3).map { "\($0.name)=..." }.joined(separator: ",")
      return "\(names.isEmpty ? "{}" : names), JSON, or 'hex' and \(root.size) bytes such as 0a"
    }
  }

  /// Bytes as bpftool takes them: `0a 00 ff`, each with or without `0x`.
  private mutating func encode(hex text: Substring) throws(BTFValueError) {
    var raw: [UInt8] = []
    for part in text.split(whereSeparator: \.isWhitespace) {
      let digits = part.hasPrefix("0x") ? part.dropFirst(2) : part
      guard digits.utf8.count <= 2, let byte = UInt8(digits, radix: 16) else {
        throw BTFValueError(.text("'\(part)' is not a byte in hexadecimal"))
      }
      raw.append(byte)
    }
    guard raw.count == root.size || raw.count > root.size && root.endsFlexibly else {
      throw BTFValueError(.text("\(root.size) bytes are needed, \(raw.count) were given"))
    }
    replace(raw)
  }

  // MARK: Places

  enum Step {
    case member(String)
    case index(Int)
  }

  /// Where a member lies: bits from the start, and bits of a bit field.
  struct Place {
    var node: ValueNode
    var offset = 0
    var width = 0
  }

  private static func text(_ path: [Step]) -> String {
    path.reduce(into: "") { text, step in
      switch step {
      case .member(let name): text += text.isEmpty ? name : "." + name
      case .index(let index): text += "[\(index)]"
      }
    }
  }

  private mutating func locate(_ path: [Step]) throws(BTFValueError) -> Place {
    var place = Place(node: root)
    for (position, step) in path.enumerated() {
      switch (step, place.node.shape) {
      case (.member(let name), .composite(let composite)):
        guard let index = composite.index[name] else {
          throw BTFValueError(
            .unknownName(name, known: composite.members.map(\.name)), path: Self.text(Array(path[..<position])))
        }
        let member = composite.members[index]
        place = Place(node: member.node, offset: place.offset + member.bitOffset, width: member.bitSize)
      case (.index(let index), .array(let element, let count, _)):
        guard index < count || count == 0 && index < 1 << 20 else {
          throw BTFValueError(.tooLong(given: index + 1, limit: count), path: Self.text(Array(path[...position])))
        }
        place = Place(node: element, offset: place.offset + index * element.size * 8)
        if count == 0 { try growFlexible(place.offset / 8, element.size, place.node) }
      default:
        let wanted = if case .member = step { "a structure" } else { "an array" }
        throw BTFValueError(
          .mismatch(expected: wanted, given: types.description(of: place.node.type)),
          path: Self.text(Array(path[..<position])))
      }
    }
    return place
  }
}

/// `path=value` pairs with commas between. A value is a JSON string, array or object, or a bare word up to a comma.
private struct Assignments {
  private var rest: Substring

  init(_ text: Substring) { rest = text }

  mutating func next() throws(BTFValueError) -> (path: [ValueEncoder.Step], value: BTFValue)? {
    rest = rest.drop(while: \.isWhitespace)
    if rest.isEmpty { return nil }
    let path = try path()
    guard rest.first == "=" else { throw failure("'=' should follow the name") }
    rest = rest.dropFirst().drop(while: \.isWhitespace)
    let value = try value()
    rest = rest.drop(while: \.isWhitespace)
    if rest.first == "," {
      rest = rest.dropFirst()
    } else if !rest.isEmpty {
      throw failure("',' should be between values")
    }
    return (path, value)
  }

  private func failure(_ message: String) -> BTFValueError {
    BTFValueError(.text(rest.isEmpty ? "\(message); the text ends" : "\(message), before '\(rest.prefix(20))'"))
  }

  private mutating func path() throws(BTFValueError) -> [ValueEncoder.Step] {
    var path: [ValueEncoder.Step] = []
    repeat {
      if !path.isEmpty { rest = rest.dropFirst() }
      // Section and Swift names have more than C's letters.
      let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" }
      guard !name.isEmpty else { throw failure("a name should be here") }
      path.append(.member(String(name)))
      rest = rest[name.endIndex...]
      while rest.first == "[" {
        let digits = rest.dropFirst().prefix { $0 != "]" }
        guard let index = Int(digits), index >= 0, digits.endIndex < rest.endIndex else {
          throw failure("a number in brackets should be here")
        }
        path.append(.index(index))
        rest = rest[digits.endIndex...].dropFirst()
      }
    } while rest.first == "."
    rest = rest.drop(while: \.isWhitespace)
    return path
  }

  private mutating func value() throws(BTFValueError) -> BTFValue {
    if rest.first == "\"" || rest.first == "[" || rest.first == "{" {
      do {
        let (value, length) = try JSONParser.parsePrefix(rest)
        rest = rest[rest.utf8.index(rest.startIndex, offsetBy: length)...]
        return value
      } catch { throw BTFValueError(.json(offset: error.offset, error.message)) }
    }
    let word = rest.prefix { $0 != "," }
    rest = rest[word.endIndex...]
    return .string(String(word).trimmed)
  }
}

extension String {
  /// Without white space at either end.
  var trimmed: String {
    let start = drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
  }
}
