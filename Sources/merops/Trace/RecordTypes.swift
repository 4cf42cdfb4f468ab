// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import CommandSupport

/// Which type the records of each map have.
struct RecordTypes {
  private let types: BTFTypes?
  private var chosen: [String: TypeID] = [:]
  private var fallback: TypeID?
  private var bySize: [Int: TypeID] = [:]

  /// - Parameters:
  ///   - choices: `MAP=TYPE`, or `TYPE` for all maps.
  init(_ choices: [String], _ spec: ObjectSpec) throws {
    types = spec.types
    for choice in choices {
      let parts = choice.split(separator: "=", maxSplits: 1).map(String.init)
      let id = try id(parts[parts.count - 1])
      if parts.count == 2 { chosen[parts[0]] = id } else { fallback = id }
    }
    for map in spec.maps where map.section == .user {
      if let type = map.valueType, Tracer.reads(map.type) { chosen[map.name] = type }
    }
    guard let types else { return }
    for id in types.ids where types.kind(id) == .structure && !types.name(id).isEmpty {
      guard let size = try? types.size(of: id), size > 0 else { continue }
      // Two structs of one size: the later one, which is the author's own rather than a header's.
      bySize[size] = id
    }
  }

  private func id(_ name: String) throws -> TypeID {
    guard let id = types?.ids(named: name).first(where: { types?.kind($0) != .function }) else {
      throw Refusal("the object has no type '\(name)'")
    }
    return id
  }

  /// The type of a record of `size` bytes from a map; nil when nothing fits.
  func codec(map: String, size: Int) -> BTFCodec? {
    guard let types, let id = chosen[map] ?? fallback ?? bySize[size] ?? bySize[(size + 7) & ~7] else { return nil }
    return try? BTFCodec(types, id)
  }
}

/// Prints records.
struct RecordPrinter {
  var types: RecordTypes
  var json: Bool

  func print(map: String, _ bytes: UnsafeRawBufferPointer) {
    let value = types.codec(map: map, size: bytes.count).flatMap { try? $0.decode(bytes) } ?? .bytes(Array(bytes))
    guard json else { return Output.line("\(map) \(value.json)") }
    var writer = JSONWriter()
    writer.beginObject()
    writer.field("map", map)
    writer.key("record")
    writer.raw(value.json)
    writer.endObject()
    Output.line(writer.text)
  }
}
