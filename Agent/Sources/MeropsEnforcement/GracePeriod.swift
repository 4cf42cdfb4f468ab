// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject

/// Waits until no program runs any more that has begun before.
///
/// The kernel promises that of one operation: an update of a map of maps returns when all programs have ended that may still
/// use the map which was there before (`maybe_wait_bpf_programs` in kernel/bpf/syscall.c calls synchronize_rcu(), from 4.20
/// on). A program runs in one RCU read-side critical section, and the programs that it tail-calls run in the same one.
/// membarrier(2) does not serve: it waits for nothing on a machine with one CPU, and is refused on one with nohz_full.
struct GracePeriod: Sendable {
  private let outer: MapOfMaps<UInt32>
  private let inner: AnyMap

  init() throws(BPFError) {
    inner = try AnyMap(creating: MapParameters(.array, name: "grace_inner", keySize: 4, valueSize: 4, maxEntries: 1))
    outer = try MapOfMaps(creating: .arrayOfMaps, name: "grace", maxEntries: 1, like: inner)
  }

  func wait() throws(BPFError) { try outer.set(inner, for: 0) }
}
