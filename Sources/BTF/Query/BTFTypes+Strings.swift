// SPDX-License-Identifier: Apache-2.0

extension BTFTypes {
  /// The strings of this BTF itself, without its base's, that contain `marker`, in file order.
  ///
  /// - Complexity: O(bytes of strings), faster for longer markers.
  public func strings(containing marker: String) -> [String] {
    let marker = Array(marker.utf8)
    guard let last = marker.last else { return [] }
    let section = header.strings
    var found: [String] = []
    var end = section.lowerBound + marker.count - 1
    while end < section.upperBound {
      // No marker ends at `end` or right after it unless the byte there belongs to one.
      let byte = source.byte(at: end)
      guard byte == last else {
        end += marker.contains(byte) ? 1 : marker.count
        continue
      }
      let start = end - marker.count + 1
      guard marker.indices.allSatisfy({ source.byte(at: start + $0) == marker[$0] }) else {
        end += 1
        continue
      }
      var first = start
      while first > section.lowerBound, source.byte(at: first - 1) != 0 { first -= 1 }
      let string = source.string(at: first)
      found.append(String(decoding: string, as: UTF8.self))
      end = first + string.count + marker.count
    }
    return found
  }
}
