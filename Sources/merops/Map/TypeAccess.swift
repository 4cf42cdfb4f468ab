// SPDX-License-Identifier: Apache-2.0

import BPF

// A process may open a map without being allowed to ask the kernel for its types. merops then shows what it can read, and
// notes what is missing.
enum TypeAccess {
  /// The entries of a map.
  ///
  /// - Throws: ``Refusal`` for a map that has none: a ring, an arena, an array of perf events.
  static func entries(of map: AnyMap) throws -> MapCodec {
    let instead =
      switch map.info.type {
      case .ringBuffer: "it sends records to one reader; `merops trace OBJECT` prints them"
      case .perfEventArray: "its elements are perf events, one for each CPU; `merops trace OBJECT` prints their records"
      case .userRingBuffer: "it takes records from user space, for one program"
      case .arena: "it is memory that programs and user space share"
      default: ""
      }
    guard instead.isEmpty else { throw Refusal("map \(map.name) has no entries to read or set: \(instead)") }
    do {
      return try MapCodec(map)
    } catch {
      try note(error)
      return try MapCodec(map, ignoringTypes: true)
    }
  }

  static func types(of map: AnyMap) throws(BPFError) -> MapTypes? {
    do {
      return try map.types()
    } catch {
      try note(error)
      return nil
    }
  }

  private static func note(_ error: BPFError) throws(BPFError) {
    guard error.code == .permission else { throw error }
    Output.note("without types: \(error)")
  }
}
