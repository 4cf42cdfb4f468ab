// SPDX-License-Identifier: Apache-2.0

import BPF

// A map may be open to those who may not ask the kernel for its types. What can be read is shown all the same, and what
// is missing is said.
enum TypeAccess {
  static func codec(_ map: AnyMap) throws(BPFError) -> MapCodec {
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
