// SPDX-License-Identifier: Apache-2.0

import BTF

/// The bits of a structure that no member has.
struct Padding: Sendable {
  /// How a value names them.
  static let name = ".padding"

  /// The bytes that have such bits, and which.
  let gaps: [(index: Int, mask: UInt8)]

  /// What all ones leave out when they are read and written again.
  init(types: BTFTypes, root: ValueNode) throws(BTFValueError) {
    guard case .composite(let composite) = root.shape, !composite.isAddress, root.size <= 1 << 16 else {
      gaps = []
      return
    }
    let ones = [UInt8](repeating: 0xff, count: root.size)
    let value = try ones.span.bytes.withUnsafeBytes { ones throws(BTFValueError) in
      var decoder = ValueDecoder(ones, types: types, root: root, text: .exact)
      return try decoder.decode()
    }
    var encoder = ValueEncoder(types: types, root: root)
    try encoder.encode(value, root, at: 0, width: 0)
    gaps = encoder.bytes.enumerated().filter { $0.element != 0xff }.map { (index: $0.offset, mask: ~$0.element) }
  }

  /// The bytes of all gaps; nil if no bit is set in them.
  func bytes(of value: UnsafeRawBufferPointer) -> [UInt8]? {
    guard isSet(in: value) else { return nil }
    return gaps.map { $0.index < value.count ? value[$0.index] & $0.mask : 0 }
  }

  func isSet(in value: UnsafeRawBufferPointer) -> Bool {
    gaps.contains { $0.index < value.count && value[$0.index] & $0.mask != 0 }
  }
}
