// SPDX-License-Identifier: Apache-2.0

import BTF

/// A kernel structure of operations, as a probe registers one: what it holds besides the functions.
struct OperationsTable: Hashable, Sendable {
  enum Value: Hashable, Sendable {
    case scalar(KernelScalar)
    /// `char[capacity]`
    case text(capacity: Int)
  }

  /// `tcp_congestion_ops`
  var type: String
  /// Ascending by name: the order in Swift, which does not depend on the kernel that was asked.
  var values: [(name: String, value: Value)] { members.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 } }
  private var members: [String: Value] = [:]

  /// The type's name beside the contexts of its operations.
  static let swiftName = "Table"

  init(_ type: String, _ id: TypeID, _ kernel: KernelReader) throws {
    self.type = type
    for member in try kernel.types.type(id).composite?.members ?? [] where member.bitSize == 0 && !member.name.isEmpty {
      let id = try kernel.types.resolved(member.type)
      if let scalar = try kernel.scalar(id) {
        members[member.name] = .scalar(scalar)
      } else if case .array(let array) = try kernel.types.type(id), array.count > 1,
        try kernel.scalar(array.element)?.bytes == 1
      {
        members[member.name] = .text(capacity: array.count)
      }
    }
  }
}

extension TypeCollector {
  mutating func addTable(of type: String, _ place: ProbeNames.Place) throws {
    guard let composite = kernel.composite(named: type) else {
      throw unknown("struct", type, place, prefix: "", kind: .structure)
    }
    result.tables.append(try OperationsTable(type, composite.id, kernel))
  }
}

extension GeneratedText {
  /// A struct of the values that a probe may set; the compiler's rewriting makes the kernel's structure of it.
  mutating func write(_ table: OperationsTable) {
    writeNamespace(["StructOps", table.type])
    let values = table.values.map { name, value in
      let (type, empty) =
        switch value {
        case .text: ("StaticString", "\"\"")
        case .scalar(let scalar): (scalar.swift, scalar.isBool ? "false" : "0")
        }
      return (name: SwiftWord.escaped(SwiftWord.property(name, besides: [])), type: type, empty: empty)
    }
    add("\nextension StructOps.\(SwiftWord.escaped(table.type)) {\n")
    add("/// `struct \(table.type)` of this probe's operations, which is registered when it is attached.\n")
    add("struct \(OperationsTable.swiftName) {\n")
    for value in values { add("  var \(value.name): \(value.type)\n") }
    let parameters = values.map { "\($0.name): \($0.type) = \($0.empty)" }.joined(separator: ", ")
    add("  @inline(__always) init(\(parameters)) {\n")
    for value in values { add("    self.\(value.name) = \(value.name)\n") }
    add("  }\n}\n}\n")
  }
}
