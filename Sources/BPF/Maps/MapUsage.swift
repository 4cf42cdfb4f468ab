// SPDX-License-Identifier: Apache-2.0

import BPFSystem

/// What may change about a map while it lives.
public struct MapUsage: Hashable, Sendable {
  /// Bytes of kernel memory that the map uses, as the kernel accounts them. Before Linux 6.4 the kernel estimates them from
  /// the maximum number of entries; from then on, hash maps count the entries that they hold.
  public var memory: Int
  /// Whether user space can no longer write to it.
  public var isFrozen: Bool
}

extension AnyMap {
  /// What the map uses now.
  ///
  /// - Requires: /proc; Linux 5.2 for `isFrozen`, which is false before
  public func usage() throws(BPFError) -> MapUsage {
    do {
      let fields = try DescriptorFields(fd: fd)
      return MapUsage(memory: fields["memlock"].flatMap { Int($0) } ?? 0, isFrozen: fields["frozen"] == "1")
    } catch {
      throw failure("reading the memory of", error)
    }
  }
}
