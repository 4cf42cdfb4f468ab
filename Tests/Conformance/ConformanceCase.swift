// SPDX-License-Identifier: Apache-2.0
import BPFBytecode

struct ConformanceError: Error, CustomStringConvertible {
  var description: String
}

/// One case of the suite.
struct ConformanceCase {
  var assembly: [String] = []
  var raw: [String] = []
  var memory: [UInt8] = []
  var result: UInt64 = 0
  var expectsError = false

  init(_ text: String) throws {
    enum Section { case other, assembly, raw, memory, result, error }
    var section = Section.other
    for line in text.split(whereSeparator: \.isNewline) {
      let line = String(line.prefix { $0 != "#" }).trimmed
      if line.hasPrefix("--") {
        section =
          switch line.dropFirst(2).description.trimmed {
          case "asm": .assembly
          case "raw": .raw
          case "mem": .memory
          case "result": .result
          case "error": .error
          default: .other
          }
        continue
      }
      guard !line.isEmpty else { continue }
      switch section {
      case .assembly: assembly.append(line)
      case .raw: raw += line.split(separator: " ").map(String.init)
      case .memory:
        for word in line.split(separator: " ") {
          guard let byte = UInt8(word, radix: 16) else { throw ConformanceError(description: "memory byte \(word)") }
          memory.append(byte)
        }
      case .result: result = try number(line)
      case .error: expectsError = true
      case .other: break
      }
    }
  }

  func instructions() throws -> [Instruction] {
    guard raw.isEmpty else { return try raw.map { Instruction(rawValue: try number($0)) } }
    var assembler = SuiteAssembler()
    return try assembler.assemble(assembly)
  }
}

/// A number, hexadecimal with 0x.
func number(_ text: String) throws -> UInt64 {
  if text.hasPrefix("0x"), let value = UInt64(text.dropFirst(2), radix: 16) { return value }
  if let value = UInt64(text) { return value }
  if let value = Int64(text) { return UInt64(bitPattern: value) }
  if text.hasPrefix("-0x"), let value = UInt64(text.dropFirst(3), radix: 16) { return 0 &- value }
  throw ConformanceError(description: "the number \(text)")
}

extension String {
  var trimmed: String {
    var text = Substring(self)
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
