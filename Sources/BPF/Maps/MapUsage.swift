// SPDX-License-Identifier: Apache-2.0

import BPFSystem

/// What of a map may change while it lives.
public struct MapUsage: Hashable, Sendable {
  /// Bytes of kernel memory that the map takes, as the kernel accounts them. Before Linux 6.4 that is an estimate from
  /// the most entries; from then on, maps whose elements come and go count those that are there.
  public var memory: Int
  /// Whether user space can no longer write to it.
  public var isFrozen: Bool
}

extension AnyMap {
  /// What the map takes now.
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
