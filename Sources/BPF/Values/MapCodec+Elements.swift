// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import BTF
public import BTFCoding

// Elements.
extension MapCodec {
  /// All entries, as they were met one after the other.
  public func entries() throws(BPFError) -> [(key: BTFValue, value: BTFValue)] {
    var result: [(key: BTFValue, value: BTFValue)] = []
    for entry in try map.entries() { result.append((try decodeKey(entry.key), try decodeValue(entry.value))) }
    return result
  }

  /// Calls `body` with each entry.
  public func forEach(_ body: (BTFValue, BTFValue) throws -> Void) throws {
    try map.forEach { key, value in try body(try decodeKey(Array(key)), try decodeValue(Array(value))) }
  }

  /// The value of a key, or nil. The key of a queue or stack is empty, and the value is the next one, which stays.
  ///
  /// What is looked up in a bloom filter is a value: the result is that value where the filter may have it.
  public func get(_ key: BTFValue) throws(BPFError) -> BTFValue? {
    guard map.info.type != .bloomFilter else { return try filtered(try encodeValue(key)) }
    return try get(bytes: try encodeKey(key))
  }

  /// The value of a key in text, or nil; see ``get(_:)``.
  public func get(key: String) throws(BPFError) -> BTFValue? {
    guard map.info.type != .bloomFilter else { return try filtered(try encodeValue(text: key)) }
    return try get(bytes: try encodeKey(text: key))
  }

  private func filtered(_ value: [UInt8]) throws(BPFError) -> BTFValue? {
    // The kernel reads the value where lookups in other maps write theirs.
    var asked = value
    let found = try asked.withUnsafeMutableBufferPointer { (bytes) throws(BPFError) in
      guard let start = bytes.baseAddress else { return false }
      return try map.rawGet(nil, into: start)
    }
    return found ? try decodeValue(value) : nil
  }

  private func get(bytes: [UInt8]) throws(BPFError) -> BTFValue? {
    guard let value = try map.get(bytes) else { return nil }
    return try decodeValue(value)
  }

  /// Writes an entry.
  public func set(_ value: BTFValue, for key: BTFValue, if mode: UpdateMode = .any) throws(BPFError) {
    let key = try encodeKey(key)
    if map.info.type.holdsDescriptors, let id = value.integer {
      try setReference(id: id, for: key, if: mode)
    } else {
      try map.set(try encodeValue(value), for: key, if: mode)
    }
  }

  /// Writes an entry from text. What a program array or map of maps holds is named by its id: `42` or `id 42`.
  public func set(value: String, forKey key: String, if mode: UpdateMode = .any) throws(BPFError) {
    let key = try encodeKey(text: key)
    guard map.info.type.holdsDescriptors else {
      try map.set(try encodeValue(text: value), for: key, if: mode)
      return
    }
    let words = value.split(separator: " ")
    guard words.count == 1 || words.count == 2 && words[0] == "id", let word = words.last, let id = Int128(word) else {
      throw BPFError(
        .encoding, "writing a value of map \(map.label)", detail: "'\(value)' is not an id", hint: "give it as 'id 42'")
    }
    try setReference(id: id, for: key, if: mode)
  }

  /// Removes a key in text; false when it was not there.
  @discardableResult
  public func delete(key: String) throws(BPFError) -> Bool { try map.delete(try encodeKey(text: key)) }

  /// Removes a key; false when it was not there.
  @discardableResult
  public func delete(_ key: BTFValue) throws(BPFError) -> Bool { try map.delete(try encodeKey(key)) }

  /// Puts a program or map under a key: what is read as an id is written as a descriptor.
  private func setReference(id: Int128, for key: [UInt8], if mode: UpdateMode) throws(BPFError) {
    let kind: ObjectKind
    switch map.info.type {
    case .programArray: kind = .program
    case .arrayOfMaps, .hashOfMaps: kind = .map
    default:
      throw BPFError(
        .invalid, "updating map \(map.label)",
        detail: "a \(map.info.type) map holds what a process has open, which has no id to be named by",
        hint: "the program that has it open sets it, in Swift with DescriptorMap")
    }
    guard let id = UInt32(exactly: id) else {
      throw BPFError(.encoding, "updating map \(map.label)", detail: "\(id) is not an id")
    }
    let descriptor: Descriptor
    do {
      descriptor = try BPFCall.openByID(kind, id)
    } catch {
      throw BPFError("opening \(kind) with id \(id)", errno: error, hint: BPFError.hintForIDs(error))
    }
    let value = withUnsafeBytes(of: descriptor.rawValue) { Array($0) }
    try map.set(Array(value + Array(repeating: 0, count: max(0, map.info.valueSize - 4))), for: key, if: mode)
  }
}
