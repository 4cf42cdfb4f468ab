// SPDX-License-Identifier: Apache-2.0
import BPF

extension Map {
  /// Removes an entry, and returns its last value; nil if there is none.
  ///
  /// Before Linux 5.14 in two steps: what a program adds between them is not in the value.
  func remove(_ key: Key) throws(BPFError) -> Value? {
    do { return try take(key) } catch  where error.code == .unsupported {
      let value = try get(key)
      return try delete(key) ? value : nil
    }
  }
}
