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

  /// Bytes of a value, without the elements of a flexible array.
  public var size: Int { root.size }

  /// What becomes of bytes in an array of `char` that are not text.
  public enum TextPolicy: Hashable, Sendable {
    /// Text ends at the first zero byte; what follows is not shown, and what is no UTF-8 is shown as U+FFFD.
    case untilZero
    /// Text only if nothing is lost by it: zeros alone follow, and all is UTF-8. Otherwise bytes.
    case exact
  }

  /// - Parameters:
  ///   - types: where the type is.
  ///   - type: any type with values: also a variable, or a data section, which reads like a structure.
  /// - Throws: ``BTFValueError`` for types without values and types that cannot be real.
  public init(_ types: BTFTypes, _ type: TypeID) throws(BTFValueError) {
    var builder = ValueNodeBuilder(types)
    self.types = types
    self.type = type
    root = try builder.node(type)
  }

  /// Reads a value.
  ///
  /// - Parameters:
  ///   - bytes: at least ``size``. More are the elements of a flexible array, if the type ends with one.
  ///   - text: what becomes of `char` arrays that are not text.
  /// - Throws: ``BTFValueError`` for too few bytes.
  public func decode(
    _ bytes: UnsafeRawBufferPointer, text: TextPolicy = .untilZero
  ) throws(BTFValueError) -> BTFValue {
    var decoder = ValueDecoder(bytes, types: types, root: root, text: text)
    return try decoder.decode()
  }

  public func decode(_ bytes: RawSpan, text: TextPolicy = .untilZero) throws(BTFValueError) -> BTFValue {
    try bytes.withUnsafeBytes { bytes throws(BTFValueError) in try decode(bytes, text: text) }
  }

  public func decode(_ bytes: [UInt8], text: TextPolicy = .untilZero) throws(BTFValueError) -> BTFValue {
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
    try encoder.encode(value, root, at: 0, width: 0)
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
