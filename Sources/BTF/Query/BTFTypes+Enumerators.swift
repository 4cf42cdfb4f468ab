// SPDX-License-Identifier: Apache-2.0

extension BTFTypes {
  /// The enumerations that have values of these names: for each name found, the first one, the base's before this
  /// BTF's own.
  ///
  /// - Complexity: O(types + values of all enumerations); no names are decoded.
  public func enumerators(named names: Set<String>) -> [String: TypeID] {
    var wanted: [UInt64: [(utf8: [UInt8], name: String)]] = [:]
    for name in names where !name.isEmpty {
      let utf8 = Array(name.utf8)
      wanted[utf8.withUnsafeBytes { NameHash.hash($0) }, default: []].append((utf8, name))
    }
    var found: [String: TypeID] = [:]
    if !wanted.isEmpty { findEnumerators(wanted, &found) }
    return found
  }

  private func findEnumerators(
    _ wanted: [UInt64: [(utf8: [UInt8], name: String)]], _ found: inout [String: TypeID]
  ) {
    base?.findEnumerators(wanted, &found)
    for position in 0..<offsets.count {
      let record = TypeRecord(home: self, offset: offsets[position])
      guard let kind = record.kind, kind.isEnumeration else { continue }
      let words = kind == .enumeration64 ? 3 : 2
      for index in 0..<record.count {
        guard let utf8 = utf8(at: record.word(words * index)), let names = wanted[NameHash.hash(utf8)] else { continue }
        for (text, name) in names where found[name] == nil && utf8.elementsEqual(text) {
          found[name] = TypeID(rawValue: firstID.rawValue + UInt32(position))
        }
      }
    }
  }
}
