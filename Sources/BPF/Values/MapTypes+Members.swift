// SPDX-License-Identifier: Apache-2.0

import BTF

extension MapTypes {
  /// For each byte of a type, whether it belongs to a member; nil for a type without a size.
  func members(of type: TypeID) -> [Bool]? {
    guard let size = try? types.size(of: type), size > 0, size <= 1 << 16 else { return nil }
    var result = [Bool](repeating: false, count: size)
    mark(type, at: 0, in: &result, depth: 0)
    return result
  }

  private func mark(_ id: TypeID, at offset: Int, in result: inout [Bool], depth: Int) {
    guard depth < 32, let plain = try? types.resolved(id), let type = try? types.type(plain) else { return }
    func fill(_ range: Range<Int>) {
      for byte in range.clamped(to: result.indices) { result[byte] = true }
    }
    switch type {
    case .structure(let composite), .union(let composite):
      for member in composite.members {
        let start = offset + member.bitOffset / 8
        if member.isBitField {
          fill(start..<offset + (member.bitOffset + member.bitSize + 7) / 8)
        } else {
          mark(member.type, at: start, in: &result, depth: depth + 1)
        }
      }
    case .array(let array):
      guard let size = try? types.size(of: array.element), size > 0 else { return }
      for index in 0..<min(array.count, result.count / size) {
        mark(array.element, at: offset + index * size, in: &result, depth: depth + 1)
      }
    default:
      guard let size = try? types.size(of: plain) else { return }
      fill(offset..<offset + size)
    }
  }
}
