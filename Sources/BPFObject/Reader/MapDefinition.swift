// SPDX-License-Identifier: Apache-2.0

import BTF

/// A map's definition as a BTF struct: the members that `bpf_helpers.h` makes with `__uint`, `__type`, `__array` and
/// `__ulong`.
///
/// A number is a pointer to an array with as many elements; a type is a pointer to it.
/// Source: libbpf's `parse_btf_map_def`.
struct MapDefinition {
  /// More than there are attributes.
  private static let memberLimit = 64

  private let types: BTFTypes
  private let isInner: Bool
  /// What was understood so far.
  private(set) var map: MapSpec
  /// Byte offset of `values` in the struct, if it has any: one pointer for each element that is filled in.
  private(set) var valuesOffset: Int?

  /// Reads the definition of the map `name`.
  ///
  /// - Parameter type: the struct.
  init(name: String, type: TypeID, _ types: BTFTypes, isInner: Bool = false) throws(ObjectError) {
    self.types = types
    self.isInner = isInner
    map = MapSpec(name: name, type: .unspecified, keySize: 0, valueSize: 0, maxEntries: 0)
    let context = "map \(name)"
    guard case .structure(let definition) = try withTypes(context, { () throws(BTFError) in try types.type(type) })
    else {
      throw ObjectError(.malformedMap, context, "is defined by \(describe(type)), not by a struct")
    }
    guard definition.members.count <= Self.memberLimit else {
      throw error("its definition has \(definition.members.count) members")
    }
    map.sectionName = ".maps"
    for (index, member) in definition.members.enumerated() {
      try read(member, isLast: index == definition.members.count - 1)
    }
    guard map.type != .unspecified else { throw error("its definition has no `type`") }
    try takeRecordType()
  }

  private mutating func read(_ member: BTFComposite.Member, isLast: Bool) throws(ObjectError) {
    switch member.name {
    case "type":
      map.type = MapType(rawValue: try number(member))
      map.recordType = try element(member)
    case "max_entries": map.maxEntries = try number(member)
    case "map_flags": map.flags = MapFlags(rawValue: try number(member))
    case "numa_node": map.numaNode = try number(member)
    case "key_size": try setKeySize(try number(member))
    case "value_size": try setValueSize(try number(member))
    case "key":
      let (type, size) = try pointee(member)
      try setKeySize(size)
      map.keyType = type
    case "value":
      let (type, size) = try pointee(member)
      try setValueSize(size)
      map.valueType = type
    case "values": try readValues(member, isLast: isLast)
    case "pinning":
      guard !isInner else { throw error("an inner map cannot be pinned") }
      let value = try number(member)
      let pinning = MapPinning(rawValue: value)
      guard pinning == .none || pinning == .byName else { throw error("unknown pinning \(value)") }
      map.pinning = pinning
    case "map_extra": map.extra = try longNumber(member)
    default: throw error("its definition has a member `\(member.name)`, which means nothing")
    }
  }

  /// What the array is made of whose length is the map's type. `__uint` makes it of plain `int`; a struct, a union, an
  /// enumeration or anything by a typedef's name is meant.
  private func element(_ member: BTFComposite.Member) throws(ObjectError) -> TypeID? {
    guard case .pointer(let target) = try type(try resolved(member.type)), case .array(let array) = try type(target)
    else { return nil }
    let kind = types.kind(array.element)
    return kind == .typedef || kind?.isComposite ?? false || kind?.isEnumeration ?? false ? array.element : nil
  }

  /// The kernel wants rings without values and perf event arrays with descriptors: a `value` there is the records'.
  private mutating func takeRecordType() throws(ObjectError) {
    switch map.type {
    case .ringBuffer, .userRingBuffer:
      map.recordType = map.valueType ?? map.recordType
      if map.valueType != nil { map.valueSize = 0 }
      map.valueType = nil
    case .perfEventArray:
      guard let value = map.valueType, types.kind(try resolved(value))?.isComposite ?? false else { return }
      map.recordType = value
      map.valueType = nil
      map.valueSize = 4
    default: map.recordType = nil
    }
  }

  private mutating func setKeySize(_ size: UInt32) throws(ObjectError) {
    guard map.keySize == 0 || map.keySize == size else {
      throw error("key sizes \(map.keySize) and \(size) contradict each other")
    }
    map.keySize = size
  }

  private mutating func setValueSize(_ size: UInt32) throws(ObjectError) {
    guard map.valueSize == 0 || map.valueSize == size else {
      throw error("value sizes \(map.valueSize) and \(size) contradict each other")
    }
    map.valueSize = size
  }

  /// `values`: what the elements of a map of maps or a program array are, and, by relocations, which.
  private mutating func readValues(_ member: BTFComposite.Member, isLast: Bool) throws(ObjectError) {
    guard !isInner else { throw error("maps of maps of maps are not supported") }
    guard isLast else { throw error("`values` must be the last member of its definition") }
    let isMapOfMaps = map.type.isMapOfMaps
    guard isMapOfMaps || map.type == .programArray else {
      throw error("only maps of maps and program arrays have `values`, not a map of type \(map.type)")
    }
    try setValueSize(4)
    valuesOffset = member.bitOffset / 8
    guard case .array(let array) = try type(member.type), array.count == 0,
      case .pointer(let pointee) = try type(try resolved(array.element))
    else { throw error("`values` must be an array of pointers without size, not \(describe(member.type))") }
    let element = try resolved(pointee)
    switch try type(element) {
    case .functionPrototype where !isMapOfMaps: break
    case .structure where isMapOfMaps:
      map.inner = try MapDefinition(name: map.name + ".inner", type: element, types, isInner: true).map
    default: throw error("`values` has pointers to \(describe(element))")
    }
  }

  /// The number that a pointer to an array stands for.
  private func number(_ member: BTFComposite.Member) throws(ObjectError) -> UInt32 {
    guard case .pointer(let target) = try type(try resolved(member.type)),
      case .array(let array) = try type(target), let value = UInt32(exactly: array.count)
    else { throw error("`\(member.name)` must be a pointer to an array, not \(describe(member.type)); use __uint()") }
    return value
  }

  /// A number that may need more than 32 bits: an enumeration with this one value.
  private func longNumber(_ member: BTFComposite.Member) throws(ObjectError) -> UInt64 {
    guard case .enumeration(let enumeration) = try type(try resolved(member.type)) else {
      return UInt64(try number(member))
    }
    guard enumeration.values.count == 1 else { throw error("`\(member.name)` must have one value; use __ulong()") }
    return enumeration.values[0].bits
  }

  /// The type that a pointer stands for, and its size.
  private func pointee(_ member: BTFComposite.Member) throws(ObjectError) -> (type: TypeID, size: UInt32) {
    guard case .pointer(let target) = try type(member.type) else {
      throw error("`\(member.name)` must be a pointer to the type, not \(describe(member.type)); use __type()")
    }
    let size = try withTypes("map \(map.name), \(member.name)") { () throws(BTFError) in try types.size(of: target) }
    return (target, UInt32(truncatingIfNeeded: size))
  }

  private func type(_ id: TypeID) throws(ObjectError) -> BTFType {
    try withTypes("map \(map.name)") { () throws(BTFError) in try types.type(id) }
  }

  private func resolved(_ id: TypeID) throws(ObjectError) -> TypeID {
    try withTypes("map \(map.name)") { () throws(BTFError) in try types.resolved(id) }
  }

  private func describe(_ id: TypeID) -> String {
    id.isVoid ? "void" : types.kind(id).map { "\($0)" } ?? "an unknown kind"
  }

  private func error(_ message: String) -> ObjectError {
    ObjectError(.malformedMap, "map \(map.name)", message)
  }
}

extension MapType {
  /// Whether the map's elements are maps.
  public var isMapOfMaps: Bool { self == .arrayOfMaps || self == .hashOfMaps }
}
