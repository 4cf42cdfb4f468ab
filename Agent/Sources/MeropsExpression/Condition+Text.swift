// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// The condition as an expression says it. Of a long list the first members stand there, and how many there are.
extension Condition: CustomStringConvertible {
  public var description: String {
    switch self {
    case .constant(let value): "\(value)"
    case .field(let place): "\(place)"
    case .has(let place): "has(\(place))"
    case .not(.has(let place)): "!has(\(place))"
    case .not(.field(let place)): "!\(place)"
    case .not(let condition): "!(\(condition))"
    case .all(let conditions): conditions.map(\.asOperand).joined(separator: " && ")
    case .any(let conditions): conditions.map(\.asOperand).joined(separator: " || ")
    case .numbers(let comparison, let left, let right): "\(left) \(comparison.rawValue) \(right)"
    case .texts(let comparison, let left, let right): "\(left) \(comparison.rawValue) \(right)"
    case .addresses(let place, let blocks):
      if blocks.count == 1, let block = blocks.first {
        block.prefix == 128 ? "\(place) == \"\(block.base)\"" : "\(place) in \"\(block)\""
      } else {
        "\(place) in \(Self.list(blocks.map { "\"\($0)\"" }))"
      }
    case .text(.startsWith(let bytes), let operand): "\(operand).startsWith(\(bytes.quoted))"
    case .text(.endsWith(let bytes), let operand): "\(operand).endsWith(\(bytes.quoted))"
    case .text(.contains(let bytes), let operand): "\(operand).contains(\(bytes.quoted))"
    case .text(.glob(let glob), let operand): "\(operand).glob(\(glob.pattern.quoted))"
    case .numberIsIn(let number, let members):
      "\(number) in \(Self.list(members.sorted().map { "\(Number.literal($0))" }))"
    case .textIsIn(let operand, let members): "\(operand) in \(Self.list(members.map(\.quoted).sorted()))"
    case .ancestors(let quantifier, let condition):
      "process.ancestors.\(quantifier == .some ? "exists" : "all")(ancestor, \(condition))"
    case .items(let quantifier, let place, let condition):
      "\(place).\(quantifier == .some ? "exists" : "all")(item, \(condition))"
    }
  }

  private var asOperand: String {
    switch self {
    case .all, .any: "(\(self))"
    default: "\(self)"
    }
  }

  private static let shown = 8

  private static func list(_ members: [String]) -> String {
    let rest = members.count > shown ? ", ... \(members.count) in all" : ""
    return "[\(members.prefix(shown).joined(separator: ", "))\(rest)]"
  }
}

extension Operand.Place: CustomStringConvertible {
  public var description: String {
    scope == .event ? field.name : "ancestor." + field.name.split(separator: ".").dropFirst().joined(separator: ".")
  }
}

extension Operand: CustomStringConvertible {
  public var description: String {
    switch self {
    case .literal(let bytes): bytes.quoted
    case .field(let place): "\(place)"
    case .element(let place, let index): "\(place)[\(index)]"
    case .item: "item"
    case .joined(let place, let separator): "\(place).join(\(separator.quoted))"
    case .lowered(let operand): "\(operand).lowerAscii()"
    }
  }
}

extension Number: CustomStringConvertible {
  public var description: String {
    switch self {
    case .literal(let literal): literal.isSigned ? "\(Int64(bitPattern: literal.bits))" : "\(literal.bits)"
    case .field(let place): "\(place)"
    case .count(let place): "size(\(place))"
    case .arithmetic(let operation, let left, let right, _):
      operation.rawValue.hasPrefix("math.")
        ? "\(operation.rawValue)(\(left), \(right))" : "(\(left) \(operation.rawValue) \(right))"
    case .negated(let number): "-\(number)"
    }
  }
}

extension Glob {
  /// As it is written.
  var pattern: [UInt8] {
    parts.flatMap { part -> [UInt8] in
      switch part {
      case .byte(let byte):
        Array("*?\\".utf8).contains(byte) ? [UInt8(ascii: "\\"), byte] : [byte]
      case .one: Array("?".utf8)
      case .run: Array("*".utf8)
      case .anything: Array("**".utf8)
      }
    }
  }
}

extension [UInt8] {
  /// As an expression writes a text.
  package var quoted: String {
    var result = "\""
    for scalar in String(decoding: self, as: UTF8.self).unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
