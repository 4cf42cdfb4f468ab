// SPDX-License-Identifier: Apache-2.0

extension BTFBuilder {
  /// Writes the types as a blob, little-endian: what `BPF_BTF_LOAD` takes and a `.BTF` section holds.
  ///
  /// - Parameter withLayout: adds the layout section, which lets readers step over kinds that they do not know. Kernels
  ///   before 7.1 reject it.
  public func encode(withLayout: Bool = false) -> [UInt8] {
    let layout: [UInt8] = withLayout ? Self.layoutSection : []
    let header = withLayout ? BTFHeader.layoutLength : BTFHeader.minimumLength
    let typeBytes = 4 * types.words.count
    var bytes: [UInt8] = []
    bytes.reserveCapacity(header + typeBytes + layout.count + strings.bytes.count)
    bytes += [BTFHeader.magic.0, BTFHeader.magic.1, 1, 0]
    var fields = [header, 0, typeBytes, typeBytes + layout.count, strings.bytes.count]
    if withLayout { fields += [typeBytes, layout.count] }
    for field in fields { bytes.append(littleEndian: UInt32(truncatingIfNeeded: field)) }
    for word in types.words { bytes.append(littleEndian: word) }
    return bytes + layout + strings.bytes
  }

  /// `struct btf_layout` for each kind from 0.
  private static var layoutSection: [UInt8] {
    [0, 0, 0, 0]
      + BTFKind.allCases.flatMap { kind -> [UInt8] in
        let (fixed, element) = RecordLayout.size(kind)
        return [UInt8(fixed), UInt8(element), 0, 0]
      }
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian word: UInt32) {
    append(UInt8(truncatingIfNeeded: word))
    append(UInt8(truncatingIfNeeded: word >> 8))
    append(UInt8(truncatingIfNeeded: word >> 16))
    append(UInt8(truncatingIfNeeded: word >> 24))
  }
}
