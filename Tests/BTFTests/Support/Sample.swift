// SPDX-License-Identifier: Apache-2.0
import BTF

/// A small BTF with one or more types of every kind.
enum Sample {
  static let int: TypeID = 1

  static let types: [BTFType] = [
    .int(BTFInteger(name: "int", size: 4, encoding: .signed)),  // 1
    .int(BTFInteger(name: "char", size: 1, encoding: .char)),  // 2
    .pointer(6),  // 3
    .array(BTFArray(element: 2, index: 1, count: 16)),  // 4
    .typedef(name: "count_t", type: 7),  // 5
    .structure(
      BTFComposite(
        name: "node", size: 40,
        members: [
          .init(name: "next", type: 3, bitOffset: 0), .init(name: "name", type: 4, bitOffset: 64),
          .init(name: "", type: 8, bitOffset: 192), .init(name: "low", type: 1, bitOffset: 256, bitSize: 3),
          .init(name: "high", type: 1, bitOffset: 259, bitSize: 29),
        ])),  // 6
    .const(1),  // 7
    .union(
      BTFComposite(
        name: "", size: 8,
        members: [.init(name: "number", type: 5, bitOffset: 0), .init(name: "self", type: 3, bitOffset: 0)])),  // 8
    .enumeration(
      BTFEnumeration(
        name: "sign", size: 4, isSigned: true,
        values: [.init(name: "MINUS", signed: -1), .init(name: "PLUS", signed: 1)])
    ),  // 9
    .enumeration(
      BTFEnumeration(
        name: "wide", size: 8, is64Bit: true,
        values: [.init(name: "SMALL", bits: 1), .init(name: "LARGE", bits: 1 << 63)])),  // 10
    .forward(name: "elsewhere", isUnion: false),  // 11
    .volatile(1),  // 12
    .restrict(3),  // 13
    .functionPrototype(
      BTFPrototype(result: 1, parameters: [.init(name: "node", type: 3), .init(name: "", type: 0)])),  // 14
    .function(BTFFunction(name: "visit", type: 14, linkage: .global)),  // 15
    .variable(BTFVariable(name: "root", type: 3, linkage: .global)),  // 16
    .variable(BTFVariable(name: "flag", type: 2, linkage: .static)),  // 17
    .dataSection(
      BTFDataSection(
        name: ".data.x", size: 16, entries: [.init(type: 16, offset: 0, size: 8), .init(type: 17, offset: 8, size: 1)])),
    // 18 above
    .float(name: "double", size: 8),  // 19
    .declTag(BTFDeclTag(name: "owner", type: 6, component: 1)),  // 20
    .declTag(BTFDeclTag(name: "kfunc", type: 15)),  // 21
    .typeTag(BTFTypeTag(name: "rcu", type: 6)),  // 22
    .pointer(22),  // 23
    .typeTag(BTFTypeTag(name: "address_space(1)", type: 0, isAttribute: true)),  // 24
    .union(BTFComposite(name: "empty", size: 0, members: [])),  // 25
  ]

  static func builder() throws -> BTFBuilder {
    var builder = BTFBuilder()
    for type in types { _ = try builder.add(type) }
    return builder
  }

  static func bytes() throws -> [UInt8] { try builder().encode() }
}

extension BTFTypes {
  /// All types of the BTF itself.
  func decoded() throws -> [BTFType] { try ids.map { try type($0) } }
}

extension [UInt8] {
  /// The little-endian word at an offset.
  subscript(word offset: Int) -> UInt32 {
    get { (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << (8 * $1) } }
    set { for byte in 0..<4 { self[offset + byte] = UInt8(truncatingIfNeeded: newValue >> (8 * byte)) } }
  }
}
