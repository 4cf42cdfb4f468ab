// SPDX-License-Identifier: Apache-2.0

import BTF

/// A type made ready for reading and writing values: references followed, unnamed members merged into what holds them.
///
/// Nodes form a finite graph without loops, each made once per type.
final class ValueNode: Sendable {
  enum Shape: Sendable {
    case integer(isSigned: Bool, isBool: Bool)
    /// An unsigned integer whose most significant byte comes first, whatever the byte order of the types.
    case networkInteger
    case float
    case pointer
    case enumeration(Enumeration)
    case array(element: ValueNode, count: Int, content: Content)
    case composite(Composite)
  }

  /// What an array is shown as.
  enum Content: Sendable { case text, bytes, elements }

  struct Enumeration: Sendable {
    let isSigned: Bool
    /// Names by value, as many low bits as the type has.
    let names: [UInt64: String]
    let values: [String: UInt64]
    /// In order of declaration, for messages.
    let known: [String]
  }

  struct Composite: Sendable {
    let members: [Member]
    let index: [String: Int]
    /// Whether it is one address, which is text: IPv4, IPv6 or MAC by its size.
    var isAddress = false
  }

  struct Member: Sendable {
    let name: String
    /// Bits from the start of the structure that the member was merged into.
    let bitOffset: Int
    /// Bits of a bit field; 0 for a member that has its whole type.
    let bitSize: Int
    let node: ValueNode
  }

  let type: TypeID
  /// Bytes.
  let size: Int
  /// Bytes up to the end of the last member that has a size: where a flexible array may begin.
  let contentEnd: Int
  /// Where the last flexible array begins, in bytes.
  let flexibleArray: Int?
  let shape: Shape

  /// Whether more bytes than the size can belong to a value.
  var endsFlexibly: Bool { flexibleArray.map { $0 >= contentEnd } ?? false }

  init(_ type: TypeID, size: Int, contentEnd: Int? = nil, flexibleArray: Int? = nil, _ shape: Shape) {
    self.type = type
    self.size = size
    self.contentEnd = contentEnd ?? size
    self.flexibleArray = flexibleArray
    self.shape = shape
  }
}

/// Makes nodes, within bounds that no real type reaches.
struct ValueNodeBuilder {
  static let depthLimit = 96
  static let memberLimit = 1 << 16

  let types: BTFTypes
  /// Structures by name that values do not have: members of these types are left out.
  private let hidden: Set<String>
  private var made: [TypeID: ValueNode] = [:]
  private var entered: Set<TypeID> = []
  private var members = 0

  init(_ types: BTFTypes, hiding hidden: Set<String>) {
    self.types = types
    self.hidden = hidden
  }

  mutating func node(_ id: TypeID, depth: Int = 0) throws(BTFValueError) -> ValueNode {
    if let node = made[id] { return node }
    guard depth < Self.depthLimit else { throw BTFValueError(.hostileType("it nests too deep")) }
    guard entered.insert(id).inserted else { throw BTFValueError(.hostileType("it contains itself")) }
    let node = try make(id, depth: depth)
    entered.remove(id)
    made[id] = node
    return node
  }

  /// The kernel's names for integers in network order, and their bytes. Merops's compiler calls `BigEndian` so, too.
  private static let networkIntegers = ["__be16": 2, "__be32": 4, "__be64": 8]
  /// Structures that are one address, and their bytes: the kernel's, and Merops's own.
  private static let addresses = [
    "in_addr": 4, "IPv4Address": 4, "in6_addr": 16, "IPv6Address": 16, "MACAddress": 6,
  ]

  private func type(_ id: TypeID) throws(BTFValueError) -> BTFType {
    do { return try types.type(id) } catch { throw BTFValueError(.hostileType("\(error)")) }
  }

  private mutating func make(_ id: TypeID, depth: Int) throws(BTFValueError) -> ValueNode {
    switch try type(id) {
    case .int(let integer):
      guard 1...16 ~= integer.size else { throw BTFValueError(.hostileType("an integer of \(integer.size) bytes")) }
      // A file may say both, which no compiler does: truth has no sign.
      let isSigned = integer.isSigned && !integer.isBool
      return ValueNode(id, size: integer.size, .integer(isSigned: isSigned, isBool: integer.isBool))
    case .float(_, let size): return ValueNode(id, size: size, .float)
    case .pointer: return ValueNode(id, size: 8, .pointer)
    case .enumeration(let enumeration): return try make(id, enumeration)
    case .array(let array): return try make(id, array, depth: depth)
    case .structure(let composite), .union(let composite): return try make(id, composite, depth: depth)
    case .typedef(let name, let target):
      let node = try node(target, depth: depth + 1)
      guard Self.networkIntegers[name] == node.size, case .integer(isSigned: false, isBool: false) = node.shape else {
        return node
      }
      return ValueNode(id, size: node.size, .networkInteger)
    case .const(let target), .volatile(let target), .restrict(let target): return try node(target, depth: depth + 1)
    case .typeTag(let tag): return try node(tag.type, depth: depth + 1)
    case .variable(let variable): return try node(variable.type, depth: depth + 1)
    case .dataSection(let section): return try make(id, section, depth: depth)
    case .void, .forward, .function, .functionPrototype, .declTag, .unknown:
      throw BTFValueError(.notAValue(types.description(of: id)))
    }
  }

  private func make(_ id: TypeID, _ enumeration: BTFEnumeration) throws(BTFValueError) -> ValueNode {
    guard 1...8 ~= enumeration.size else {
      throw BTFValueError(.hostileType("an enumeration of \(enumeration.size) bytes"))
    }
    let mask = UInt64.max >> (64 - 8 * UInt64(enumeration.size))
    var names: [UInt64: String] = [:]
    var values: [String: UInt64] = [:]
    for value in enumeration.values {
      // Of several names for a value the first stands.
      if names[value.bits & mask] == nil { names[value.bits & mask] = value.name }
      values[value.name] = value.bits & mask
    }
    let shape = ValueNode.Enumeration(
      isSigned: enumeration.isSigned, names: names, values: values, known: enumeration.values.map(\.name))
    return ValueNode(id, size: enumeration.size, .enumeration(shape))
  }

  private mutating func make(_ id: TypeID, _ array: BTFArray, depth: Int) throws(BTFValueError) -> ValueNode {
    let element = try node(array.element, depth: depth + 1)
    let (size, overflow) = element.size.multipliedReportingOverflow(by: array.count)
    guard !overflow, size < 1 << 40 else { throw BTFValueError(.hostileType("an array of \(array.count) elements")) }
    let shape = ValueNode.Shape.array(element: element, count: array.count, content: try content(of: element))
    return ValueNode(id, size: size, flexibleArray: array.count == 0 && element.size > 0 ? 0 : nil, shape)
  }

  private func content(of element: ValueNode) throws(BTFValueError) -> ValueNode.Content {
    guard case .int(let integer) = try type(element.type), integer.size == 1, !integer.isBool else { return .elements }
    if integer.name == "char" || integer.encoding.contains(.char) { return .text }
    return integer.isSigned ? .elements : .bytes
  }

  private mutating func make(
    _ id: TypeID, _ composite: BTFComposite, depth: Int
  ) throws(BTFValueError) -> ValueNode {
    var merged: [ValueNode.Member] = []
    for member in composite.members where !isHidden(member.type) {
      let node: ValueNode
      do { node = try self.node(member.type, depth: depth + 1) } catch { throw error.inside(member.name) }
      if member.name.isEmpty, case .composite(let inner) = node.shape {
        for inner in inner.members {
          merged.append(
            ValueNode.Member(
              name: inner.name, bitOffset: member.bitOffset + inner.bitOffset, bitSize: inner.bitSize, node: inner.node)
          )
        }
      } else if !member.name.isEmpty {
        merged.append(try make(member, node))
      }
      guard members + merged.count <= Self.memberLimit else { throw BTFValueError(.hostileType("too many members")) }
    }
    let isAddress = Self.addresses[composite.name] == composite.size
    return make(id, merged, size: composite.size, isAddress: isAddress)
  }

  private func isHidden(_ id: TypeID) -> Bool {
    guard !hidden.isEmpty, let end = try? types.resolved(id), types.kind(end) == .structure else { return false }
    return hidden.contains(types.name(end))
  }

  private func make(_ member: BTFComposite.Member, _ node: ValueNode) throws(BTFValueError) -> ValueNode.Member {
    var (offset, width) = (member.bitOffset, member.bitSize)
    // Before Linux 4.20 the type of a bit field was an integer of its own.
    if width == 0, case .int(let integer) = try type(node.type), integer.bits < integer.size * 8 {
      (offset, width) = (offset + integer.bitOffset, integer.bits)
    }
    guard width <= node.size * 8 else {
      throw BTFValueError(.hostileType("a bit field of \(width) bits"), path: member.name)
    }
    return ValueNode.Member(name: member.name, bitOffset: offset, bitSize: width, node: node)
  }

  private mutating func make(
    _ id: TypeID, _ merged: [ValueNode.Member], size: Int, isAddress: Bool = false
  ) -> ValueNode {
    members += merged.count
    var end = 0
    var flexible: Int?
    for member in merged {
      if let start = member.node.flexibleArray { flexible = max(flexible ?? 0, member.bitOffset / 8 + start) }
      guard member.node.size > 0 else { continue }
      let bits = member.bitSize > 0 ? member.bitSize : member.node.contentEnd * 8
      end = max(end, (member.bitOffset + bits + 7) / 8)
    }
    let index = Dictionary(merged.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    return ValueNode(
      id, size: size, contentEnd: min(end, size), flexibleArray: flexible,
      .composite(ValueNode.Composite(members: merged, index: index, isAddress: isAddress)))
  }

  /// A section of variables reads like a structure of them.
  private mutating func make(
    _ id: TypeID, _ section: BTFDataSection, depth: Int
  ) throws(BTFValueError) -> ValueNode {
    var merged: [ValueNode.Member] = []
    var size = section.size
    for entry in section.entries {
      guard case .variable(let variable) = try type(entry.type), !isHidden(variable.type) else { continue }
      let node: ValueNode
      do { node = try self.node(variable.type, depth: depth + 1) } catch { throw error.inside(variable.name) }
      merged.append(ValueNode.Member(name: variable.name, bitOffset: entry.offset * 8, bitSize: 0, node: node))
      size = max(size, entry.offset + node.size)
    }
    return make(id, merged, size: size)
  }
}
