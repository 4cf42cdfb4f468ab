// SPDX-License-Identifier: Apache-2.0

public import BTF

/// Reads and writes the values of one type: made once, used for each key, value or record.
///
///     let codec = try BTFCodec(types, id)
///     let value = try codec.decode(bytes)        // {"pid": 42, "comm": "sh"}
///     let again = try codec.encode(value)
///     let typed = try codec.encode(text: "pid=42,comm=sh")
public struct BTFCodec: Sendable {
  public let types: BTFTypes
  public let type: TypeID
  let root: ValueNode
  /// The bits that no member has, where they are shown.
  let padding: Padding?

  /// Bytes of a value, without the elements of a flexible array.
  public var size: Int { root.size }

  /// What becomes of bytes in an array of `char` that are not text.
  public enum TextPolicy: Hashable, Sendable {
    /// For people: text ends at the first zero byte, and what follows is not shown. An array that does not begin with text,
    /// such as an address or a hash, is ``BTFValue/bytes(_:)``.
    case untilZero
    /// For programs: no byte is lost. An array that does not hold text is ``BTFValue/bytes(_:)``. What follows the zero at
    /// the end of a member's text is a member of its own, `NAME.rest`, which ``BTFCodec/encode(_:)`` understands.
    case exact
  }

  /// - Parameters:
  ///   - types: where the type is.
  ///   - type: any type with values: also a variable, or a data section, which reads like a structure.
  ///   - hidden: names of structures that values do not have: members of these types are left out.
  ///   - showsPadding: whether bits that no member has are shown where one of them is set, as the member `.padding`. Two
  ///     keys of a hash map that differ only there are two keys.
  /// - Throws: ``BTFValueError`` for types without values and types that cannot be real.
  public init(
    _ types: BTFTypes, _ type: TypeID, hiding hidden: Set<String> = [], showsPadding: Bool = false
  ) throws(BTFValueError) {
    var builder = ValueNodeBuilder(types, hiding: hidden)
    self.types = types
    self.type = type
    root = try builder.node(type)
    padding = showsPadding ? try Padding(types: types, root: root) : nil
  }

  /// Reads a value.
  ///
  /// - Parameters:
  ///   - bytes: at least ``size``. More are the elements of a flexible array, if the type ends with one.
  ///   - text: what becomes of `char` arrays that are not text.
  /// - Throws: ``BTFValueError`` for too few bytes.
  public func decode(
    _ bytes: UnsafeRawBufferPointer, text: TextPolicy = .exact
  ) throws(BTFValueError) -> BTFValue {
    var decoder = ValueDecoder(bytes, types: types, root: root, text: text)
    let value = try decoder.decode()
    guard let set = padding?.bytes(of: bytes), case .structure(let fields) = value else { return value }
    return .structure(fields + [BTFValue.Field(Padding.name, .bytes(set))])
  }

  public func decode(_ bytes: RawSpan, text: TextPolicy = .exact) throws(BTFValueError) -> BTFValue {
    try bytes.withUnsafeBytes { bytes throws(BTFValueError) in try decode(bytes, text: text) }
  }

  public func decode(_ bytes: [UInt8], text: TextPolicy = .exact) throws(BTFValueError) -> BTFValue {
    let result: Result<BTFValue, BTFValueError> = bytes.withUnsafeBytes { bytes in
      do throws(BTFValueError) { return .success(try decode(bytes, text: text)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// Writes a value; members that it lacks are zero.
  ///
  /// Numbers may stand for enumerators, texts for numbers and for internet and hardware addresses in network order.
  /// Of a union any view will do; several must agree.
  ///
  /// - Returns: ``size`` bytes, and the elements of a flexible array.
  /// - Throws: ``BTFValueError`` with the path of the member that cannot be written.
  public func encode(_ value: BTFValue) throws(BTFValueError) -> [UInt8] {
    var encoder = ValueEncoder(types: types, root: root)
    try encoder.encode(value)
    return encoder.bytes
  }

  /// Writes a value from text: `pid=42,comm="sh",a.b[0]=1`, JSON, `hex 0a 00 ...`, or one number, name or address.
  ///
  /// - Throws: ``BTFValueError``.
  public func encode(text: String) throws(BTFValueError) -> [UInt8] {
    var encoder = ValueEncoder(types: types, root: root)
    try encoder.encode(text: text)
    return encoder.bytes
  }
}
