// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import BTF
public import BTFCoding

/// Reads and writes any map by its type information: keys and values as ``BTFValue``, JSON or text.
///
/// ```swift
/// let codec = try MapCodec(AnyMap(named: "flows"))
/// for (key, value) in try codec.entries() { print(key.json, value.json) }
/// try codec.set(value: "limit=3", forKey: "addr=10.0.0.1,port=443")
/// ```
///
/// A map without type information is read as numbers, where a size is a number's, and bytes. A value for each CPU is an
/// array by CPU. Locks, timers and the like are left out. Everything else is shown, so that different keys look different
/// and what is printed can be read back: see ``BTFCodec/TextPolicy/exact``.
public struct MapCodec: Sendable {
  /// The map as bytes.
  public let map: AnyMap
  /// What keys and values are taken for.
  public let types: MapTypes
  /// Whether the types are the map's own, and not only shapes that fit its sizes.
  public let isTyped: Bool
  private let key: BTFCodec?
  private let value: BTFCodec?
  private let keyJSON: RecordJSON?
  private let valueJSON: RecordJSON?

  /// Members of a map's value that are the kernel's own business: locks, timers, lists. The kernel does not show them to
  /// user space (they read as zero) and does not let it write them, so they are left out.
  ///
  /// Source: include/linux/bpf.h, enum btf_field_type, and btf.c's names for them.
  private static let hidden: Set<String> = [
    "bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer", "bpf_wq", "bpf_task_work", "bpf_list_head", "bpf_list_node",
    "bpf_rb_root", "bpf_rb_node", "bpf_refcount",
  ]

  /// Whether a value has such a member, or a pointer to the kernel's objects: the kernel then has to know its type.
  static func needsTypes(_ type: TypeID, in types: BTFTypes) -> Bool {
    guard let id = try? types.resolved(type), let found = try? types.type(id) else { return true }
    switch found {
    case .structure(let structure):
      return hidden.contains(structure.name) || structure.members.contains { needsTypes($0.type, in: types) }
    case .array(let array): return needsTypes(array.element, in: types)
    case .pointer(let target): if case .typeTag = try? types.type(target) { return true } else { return false }
    default: return false
    }
  }

  /// - Parameters:
  ///   - map: any map.
  ///   - ignoringTypes: takes keys and values for numbers and bytes, as if the map had no types.
  /// - Throws: `types` when the map's type information cannot be read, `permission` when this process may not:
  ///   the kernel opens types by their id only for CAP_SYS_ADMIN.
  public init(_ map: AnyMap, ignoringTypes: Bool = false) throws(BPFError) {
    self.map = map
    let shape: MapTypes
    do {
      shape = try MapShape.types(for: map.info)
    } catch {
      throw BPFError(.types, "reading the types of map \(map.label)", underlying: error)
    }
    let own = ignoringTypes ? nil : try map.types()
    isTyped = own != nil
    // Keyless maps have void keys; what the kernel refuses types for has shapes all the same.
    types = own ?? shape
    do {
      // Two keys that differ in their padding alone are two keys.
      key =
        map.info.keySize == 0
        ? nil
        : try Self.codec(types, types.key, shape, shape.key, map.info.keySize) { (types, id) throws(BTFValueError) in
          try BTFCodec(types, id, showsPadding: true)
        }
      value =
        map.info.valueSize == 0
        ? nil
        : try Self.codec(types, types.value, shape, shape.value, map.info.valueSize) {
          (types, id) throws(BTFValueError) in
          try BTFCodec(types, id, hiding: Self.hidden)
        }
    } catch {
      throw BPFError(.types, "reading the types of map \(map.label)", underlying: error)
    }
    keyJSON = key.map { RecordJSON($0) }
    valueJSON = value.map { RecordJSON($0) }
  }

  /// The map's own type, if it has the map's size; otherwise the shape.
  private static func codec(
    _ types: MapTypes, _ id: TypeID, _ shape: MapTypes, _ shapeID: TypeID, _ size: Int,
    _ make: (BTFTypes, TypeID) throws(BTFValueError) -> BTFCodec
  ) throws(BTFValueError) -> BTFCodec {
    if id != 0, let codec = try? make(types.types, id), codec.size <= size { return codec }
    return try make(shape.types, shapeID)
  }
}

// Bytes to values and back.
extension MapCodec {
  /// Reads a key.
  public func decodeKey(_ bytes: [UInt8]) throws(BPFError) -> BTFValue {
    guard let key else { return .bytes([]) }
    return try translating("reading a key of") { () throws(BTFValueError) in try key.decode(bytes) }
  }

  /// Reads what a lookup gave: for per-CPU maps, an array of the values by possible CPU.
  public func decodeValue(_ bytes: [UInt8]) throws(BPFError) -> BTFValue {
    guard let value else { return .bytes([]) }
    return try translating("reading a value of") { () throws(BTFValueError) in
      guard map.info.type.isPerCPU else { return try value.decode(bytes) }
      var values: [BTFValue] = []
      for start in stride(from: 0, to: bytes.count, by: map.info.valueStride) {
        values.append(try value.decode(Array(bytes[start..<min(start + map.info.valueSize, bytes.count)])))
      }
      return .array(values)
    }
  }

  /// Appends a key as JSON: what ``decodeKey(_:)`` gives, without making it.
  public func writeKey(_ bytes: UnsafeRawBufferPointer, to buffer: inout JSONBuffer) throws(BPFError) {
    guard let keyJSON else { return buffer.append("[]") }
    do {
      try keyJSON.write(bytes, to: &buffer)
    } catch {
      throw BPFError(.encoding, "reading a key of map \(map.label)", underlying: error)
    }
  }

  /// Appends what a lookup returned as JSON: what ``decodeValue(_:)`` gives, without making it.
  public func writeValue(_ bytes: UnsafeRawBufferPointer, to buffer: inout JSONBuffer) throws(BPFError) {
    guard let valueJSON else { return buffer.append("[]") }
    do {
      guard map.info.type.isPerCPU else { return try valueJSON.write(bytes, to: &buffer) }
      buffer.append("[")
      for start in stride(from: 0, to: bytes.count, by: map.info.valueStride) {
        if start > 0 { buffer.append(",") }
        let end = min(start + map.info.valueSize, bytes.count)
        try valueJSON.write(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), to: &buffer)
      }
      buffer.append("]")
    } catch {
      throw BPFError(.encoding, "reading a value of map \(map.label)", underlying: error)
    }
  }

  /// Writes a key; members that it lacks are zero. That of a map without keys is empty.
  public func encodeKey(_ value: BTFValue) throws(BPFError) -> [UInt8] {
    guard let key else {
      guard [.bytes([]), .array([])].contains(value) else { throw hasNoKeys(value.json) }
      return []
    }
    return try fitted(
      try translating("writing a key of") { () throws(BTFValueError) in try key.encode(value) }, map.info.keySize)
  }

  /// Writes a key from text: `addr=10.0.0.1,port=443`, JSON, `hex 0a 00 ...`, or one number, name or address. For a
  /// prefix also `10.0.0.0/8`.
  public func encodeKey(text: String) throws(BPFError) -> [UInt8] {
    guard let key else {
      guard text.allSatisfy(\.isWhitespace) else { throw hasNoKeys(text) }
      return []
    }
    if map.info.type == .lpmTrie, let bytes = try prefix(text) { return bytes }
    return try fitted(
      try translating("writing a key of") { () throws(BTFValueError) in try key.encode(text: text) }, map.info.keySize)
  }

  private func hasNoKeys(_ given: String) -> BPFError {
    BPFError(
      .encoding, "writing a key of map \(map.label)", detail: "a \(map.info.type) map has no keys such as '\(given)'")
  }

  /// Writes a value, as an update takes it. For per-CPU maps: an array of a value for each possible CPU, or one value
  /// for all.
  public func encodeValue(_ value: BTFValue) throws(BPFError) -> [UInt8] {
    guard let codec = self.value else { return [] }
    if map.info.type.isPerCPU, case .array(let values) = value, values.count == map.lookupSize / map.info.valueStride {
      var result: [UInt8] = []
      for value in values {
        result += try padded(
          try translating("writing a value of") { () throws(BTFValueError) in try codec.encode(value) })
      }
      return result
    }
    return try forEachCPU(try translating("writing a value of") { () throws(BTFValueError) in try codec.encode(value) })
  }

  /// Writes a value from text; see ``encodeKey(text:)``.
  public func encodeValue(text: String) throws(BPFError) -> [UInt8] {
    guard let codec = value else { return [] }
    if map.info.type.isPerCPU, text.first == "[", let values = try? BTFValue(json: text) {
      return try encodeValue(values)
    }
    return try forEachCPU(
      try translating("writing a value of") { () throws(BTFValueError) in try codec.encode(text: text) })
  }

  private func forEachCPU(_ bytes: [UInt8]) throws(BPFError) -> [UInt8] {
    guard map.info.type.isPerCPU else { return try fitted(bytes, map.info.valueSize) }
    let one = try padded(bytes)
    return (0..<map.lookupSize / map.info.valueStride).flatMap { _ in one }
  }

  private func padded(_ bytes: [UInt8]) throws(BPFError) -> [UInt8] {
    let value = try fitted(bytes, map.info.valueSize)
    return value + [UInt8](repeating: 0, count: map.info.valueStride - value.count)
  }

  /// A type may be smaller than what the map keeps of it; a flexible array may have become larger.
  private func fitted(_ bytes: [UInt8], _ size: Int) throws(BPFError) -> [UInt8] {
    guard bytes.count <= size else {
      throw BPFError(.encoding, "writing map \(map.label)", detail: "\(bytes.count) bytes do not fit in \(size)")
    }
    return bytes + [UInt8](repeating: 0, count: size - bytes.count)
  }

  private func translating<Result>(
    _ action: String, _ body: () throws(BTFValueError) -> Result
  ) throws(BPFError) -> Result {
    do {
      return try body()
    } catch {
      throw BPFError(.encoding, "\(action) map \(map.label)", underlying: error)
    }
  }

  /// `10.0.0.0/8` as a trie's key: how many bits, then the address. Nil for text that is not written like a prefix.
  private func prefix(_ text: String) throws(BPFError) -> [UInt8]? {
    let (key, example, bits): ([UInt8]?, String, Int)
    switch map.info.keySize {
    case 8:
      (example, bits) = ("10.0.0.0/8", 32)
      key = LPMKey<IPv4Address>(text).map { key in withUnsafeBytes(of: key) { Array($0) } }
    case 20:
      (example, bits) = ("2001:db8::/32", 128)
      key = LPMKey<IPv6Address>(text).map { key in withUnsafeBytes(of: key) { Array($0) } }
    default: return nil
    }
    if let key { return key }
    let isOtherwiseWritten = text.contains { "={[\"".contains($0) } || text.hasPrefix("hex")
    guard !isOtherwiseWritten || text.filter({ !$0.isWhitespace }) == "{}" else { return nil }
    throw BPFError(
      .encoding, "writing a key of map \(map.label)",
      detail: "'\(text)' is not a prefix: write an address and 0 to \(bits) bits, as in \(example)")
  }
}
