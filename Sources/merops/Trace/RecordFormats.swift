// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BPFObject
import BTFCoding
import Synchronization

/// How the records of each map are shown.
struct RecordFormats: Sendable {
  private let types: BTFTypes?
  private var chosen: [String: TypeID] = [:]
  /// What the object suggests, for records of that size.
  private var likely: [String: TypeID] = [:]
  private var bySize: [Int: TypeID] = [:]

  /// - Parameters:
  ///   - choices: `MAP=TYPE`, or `TYPE` for all maps.
  init(_ choices: [String], _ spec: ObjectSpec) throws {
    types = spec.types
    var fallback: TypeID?
    for choice in choices {
      let parts = choice.split(separator: "=", maxSplits: 1).map(String.init)
      let id = try id(parts[parts.count - 1])
      if parts.count == 2 { chosen[parts[0]] = id } else { fallback = id }
    }
    let known = BPFObject.RecordTypes(spec)
    for map in spec.maps where chosen[map.name] == nil {
      chosen[map.name] = fallback ?? map.recordType
      likely[map.name] = known[map: map.name]
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
    guard let types else { return nil }
    let fitting = likely[map].flatMap { id in
      (try? types.size(of: id)).map { $0 <= size && size < $0 + 8 } == true ? id : nil
    }
    guard let id = chosen[map] ?? fitting ?? bySize[size] ?? bySize[(size + 7) & ~7] else { return nil }
    return try? BTFCodec(types, id)
  }
}

/// Records as lines of output.
final class RecordPrinter: Sendable {
  private let types: RecordFormats
  private let json: Bool
  private let state = Mutex(State())

  private struct State {
    /// By map and size.
    var plans: [String: [Int: RecordJSON?]] = [:]
    /// Maps of which it was said that nothing is known of their records.
    var untyped: Set<String> = []
  }

  init(types: RecordFormats, json: Bool) {
    self.types = types
    self.json = json
  }

  func line(map: String, _ bytes: RawSpan) -> String {
    let plan = plan(map: map, size: bytes.byteCount)
    return bytes.withUnsafeBytes { json ? object(map, $0, plan) : text(map, $0, plan) }
  }

  private func text(_ map: String, _ bytes: UnsafeRawBufferPointer, _ plan: RecordJSON?) -> String {
    let value = plan.flatMap { try? $0.codec.decode(bytes, text: .untilZero) }
    return "\(map) \(value?.json ?? Self.text(bytes))"
  }

  private func object(_ map: String, _ bytes: UnsafeRawBufferPointer, _ plan: RecordJSON?) -> String {
    var buffer = JSONBuffer(capacity: 1 << 10)
    buffer.append("{\"map\":")
    buffer.append(BTFValue.string(map).json)
    buffer.append(",\"record\":")
    // A type that does not fit writes nothing.
    if (try? plan?.write(bytes, to: &buffer)) == nil { buffer.append(BTFValue.bytes(Array(bytes)).json) }
    buffer.append("}")
    return buffer.text
  }

  private func plan(map: String, size: Int) -> RecordJSON? {
    state.withLock { state in
      if let known = state.plans[map]?[size] { return known }
      let plan = types.codec(map: map, size: size).map { RecordJSON($0) }
      state.plans[map, default: [:]][size] = .some(plan)
      if plan == nil, state.untyped.insert(map).inserted {
        Output.note(
          "\(map): the object has no struct of \(size) bytes, so trace prints the bytes. Name the type in the map's "
            + "definition, `struct event (*type)[BPF_MAP_TYPE_RINGBUF];`, or with `--type \(map)=NAME`")
      }
      return plan
    }
  }

  /// Bytes as numbers and as the characters that they may be.
  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    let characters = bytes.map { (32..<127).contains($0) ? Character(Unicode.Scalar($0)) : "." }
    return "\(Hexadecimal.text(bytes)) |\(String(characters))|"
  }
}
