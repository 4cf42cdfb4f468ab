// SPDX-License-Identifier: Apache-2.0

/// The first 12 bytes of a type, `struct btf_type`, and where the rest is.
package struct TypeRecord {
  /// The BTF that holds the record: the one asked, or its base.
  package unowned(unsafe) let home: BTFTypes
  /// Where in the blob of `home` the record starts.
  package let offset: Int
  package let info: UInt32
  /// nil for a kind that this library does not know.
  package let kind: BTFKind?
  package let name: UInt32
  package let sizeOrType: UInt32

  init(home: BTFTypes, offset: Int) {
    self.home = home
    self.offset = offset
    info = home.source.word(at: offset + 4)
    kind = BTFKind(rawValue: RecordLayout.kind(info))
    name = home.source.word(at: offset)
    sizeOrType = home.source.word(at: offset + 8)
  }

  package var type: TypeID { TypeID(rawValue: sizeOrType) }
  package var count: Int { RecordLayout.count(info) }
  package var flag: Bool { RecordLayout.flag(info) }
  /// Where the payload starts.
  var payload: Int { offset + RecordLayout.headerSize }

  /// One word of the payload.
  package func word(_ index: Int) -> UInt32 { home.source.word(at: payload + index * 4) }
}

extension BTFTypes {
  /// The record of a type; nil for `void` and ids beyond the last.
  package func record(_ id: TypeID) -> TypeRecord? {
    // By recursion: a variable that goes from one to the next would be retained, for each record that is read.
    guard id >= firstID else { return base?.record(id) }
    let index = Int(id.rawValue - firstID.rawValue)
    guard index < offsets.count else { return nil }
    return TypeRecord(home: self, offset: offsets[index])
  }

  package func requireRecord(_ id: TypeID) throws(BTFError) -> TypeRecord {
    guard let record = record(id) else {
      throw BTFError(
        .badType, at: header.types.lowerBound, "no type has the id \(id), the last is \(endID.rawValue - 1)")
    }
    return record
  }

  /// The kind of a type; nil for `void`, ids beyond the last, and kinds newer than this library.
  public func kind(_ id: TypeID) -> BTFKind? { record(id)?.kind }

  /// The name of a type; empty where it has none or the id is unknown.
  public func name(_ id: TypeID) -> String {
    guard let record = record(id), record.name != 0 else { return "" }
    return string(at: record.name) ?? ""
  }

  /// The string that starts at an offset of the string section, the base's first; nil beyond its end.
  public func string(at offset: UInt32) -> String? {
    utf8(at: offset).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes of a string, valid as long as this object lives.
  package func utf8(at offset: UInt32) -> UnsafeRawBufferPointer? {
    guard UInt64(offset) >= firstString else { return base?.utf8(at: offset) }
    guard UInt64(offset) < endString else { return nil }
    return source.string(at: header.strings.lowerBound + Int(UInt64(offset) - firstString))
  }
}
