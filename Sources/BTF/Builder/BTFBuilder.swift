// SPDX-License-Identifier: Apache-2.0

/// BTF in the making: types are added, replaced and merged, and then written as a blob.
///
/// Ids are given in order, so a type may refer to one that is added after it: `endID` is what the next call to `add`
/// returns. Strings are held once; those of a base are used where they fit.
public struct BTFBuilder: Sendable {
  /// The BTF that this one extends, for split BTF.
  public let base: BTFTypes?
  /// The first id of the builder's own types.
  public let firstID: TypeID
  var types = TypeWords()
  var strings: StringTable

  /// Starts without types.
  ///
  /// - Parameter base: makes split BTF, whose ids and strings continue those of `base`.
  public init(base: BTFTypes? = nil) {
    self.base = base
    firstID = base?.endID ?? 1
    strings = StringTable(base: base, bytes: base == nil ? [0] : [])
  }

  /// Starts with the types of an existing BTF: every id and every string offset keeps its value, so that a `.BTF.ext`
  /// that goes with it stays valid.
  public init(copying types: BTFTypes) {
    base = types.base
    firstID = types.firstID
    let section = types.header.strings
    let bytes = types.withUnsafeBytes { [UInt8]($0[section]) }
    strings = StringTable(base: types.base, bytes: bytes)
    self.types.append(types)
  }

  /// One past the last id: what `add` returns next.
  public var endID: TypeID { TypeID(rawValue: firstID.rawValue + UInt32(types.count)) }

  /// Adds a type, also if an equal one is there.
  ///
  /// - Returns: its id.
  /// - Throws: `BTFError` for values that the format cannot hold.
  public mutating func add(_ type: BTFType) throws(BTFError) -> TypeID {
    let id = endID
    guard id.rawValue < UInt32(Int32.max) else { throw BTFError(.tooLarge, at: 0, "more types than ids") }
    types.append(try words(of: type))
    return id
  }

  /// Gives an id of the builder's own another type. What refers to the id refers to the new type.
  ///
  /// - Throws: `BTFError` for an id that the builder did not give, and for values that the format cannot hold.
  public mutating func replace(_ id: TypeID, with type: BTFType) throws(BTFError) {
    guard ids.contains(id) else { throw BTFError(.badType, at: 0, "no type of this builder has the id \(id)") }
    types.replace(Int(id.rawValue - firstID.rawValue), with: try words(of: type))
  }

  /// The ids of the builder's own types.
  public var ids: Range<TypeID> { firstID..<endID }

  /// The offset of a string, for what refers to strings beside the types, such as line info. It is added if missing.
  public mutating func string(_ text: String) throws(BTFError) -> UInt32 { try strings.offset(of: text) }

  /// Adds all types of another BTF (its base's too), in order.
  ///
  /// - Returns: by how much each id has grown: the other BTF's type 1 is now `1 + result`.
  /// - Throws: `BTFError` if the other holds a kind whose references are unknown, or names outside its strings.
  public mutating func append(_ other: BTFTypes) throws(BTFError) -> UInt32 {
    if let base = other.base {
      let shift = try append(base)
      try append(own: other, shift: shift)
      return shift
    }
    let shift = endID.rawValue - 1
    try append(own: other, shift: shift)
    return shift
  }

  private mutating func append(own other: BTFTypes, shift: UInt32) throws(BTFError) {
    let first = types.count
    guard first + other.offsets.count < Int(Int32.max) - Int(firstID.rawValue) else {
      throw BTFError(.tooLarge, at: 0, "more types than ids")
    }
    types.append(other)
    var renamed: [UInt32: UInt32] = [0: 0]
    for index in first..<types.count {
      let offset = other.offsets[index - first]
      guard types.kind(index) != nil else {
        throw BTFError(.unknownKind, at: offset, "kind \(types.kindNumber(index)), whose references are not known")
      }
      types.mapTypes(index) { $0 == 0 ? 0 : $0 &+ shift }
      try types.mapNames(index) { name throws(BTFError) in
        if let known = renamed[name] { return known }
        guard let utf8 = other.utf8(at: name) else {
          throw BTFError(.badName, at: offset, "a name at \(name), where the strings end at \(other.endString)")
        }
        let new = try strings.offset(of: [UInt8](utf8))
        renamed[name] = new
        return new
      }
    }
  }
}
