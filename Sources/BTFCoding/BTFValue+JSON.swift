// SPDX-License-Identifier: Apache-2.0

extension BTFValue {
  /// The value as JSON on one line: members in order, integers exact, enumerators by name where they have one,
  /// pointers as hexadecimal strings, bytes as an array of numbers.
  public var json: String {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.text
  }

  /// Reads JSON text. Objects become structures, whole numbers the smallest integer case.
  ///
  /// - Throws: ``BTFValueError`` with the offset of what is wrong.
  public init(json text: String) throws(BTFValueError) {
    do {
      self = try JSONParser.parse(text)
    } catch {
      throw BTFValueError(.json(offset: error.offset, error.message))
    }
  }

  /// Appends the value to JSON under way.
  package func write(to writer: inout JSONWriter) {
    switch self {
    case .bool(let value): writer.bool(value)
    case .signed(let value): writer.integer(value)
    case .unsigned(let value): writer.integer(value)
    case .signed128(let value): writer.integer(value)
    case .unsigned128(let value): writer.integer(value)
    case .float(let value): writer.float(value)
    case .enumeration(let name?, _): writer.string(name)
    case .enumeration(nil, let value): writer.integer(value)
    case .string(let value): writer.string(value)
    case .pointer(let value): writer.string("0x" + String(value, radix: 16))
    case .bytes(let bytes):
      writer.beginArray()
      for byte in bytes { writer.integer(byte) }
      writer.endArray()
    case .array(let elements):
      writer.beginArray()
      for element in elements { element.write(to: &writer) }
      writer.endArray()
    case .structure(let fields):
      writer.beginObject()
      for field in fields {
        writer.key(field.name)
        field.value.write(to: &writer)
      }
      writer.endObject()
    }
  }
}

extension BTFValue: CustomStringConvertible {
  public var description: String { json }
}
