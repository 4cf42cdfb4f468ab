// SPDX-License-Identifier: Apache-2.0

import BPF

/// The maps of a running firewall, by their pins.
struct Firewall {
  /// Value 1 blocks.
  var blocked: Map<IPv4Address, UInt8>
  var drops: Map<IPv4Address, DropCount>

  /// `struct drop_count` of dynamic_firewall.bpf.c.
  struct DropCount: BitwiseCopyable {
    var packets: UInt64
    var bytes: UInt64
  }

  init(pins directory: String) throws(BPFError) {
    blocked = try Map(AnyMap(pinned: "\(directory)/blocked_addresses"))
    drops = try Map(AnyMap(pinned: "\(directory)/drop_counts"))
  }

  /// Every address that is blocked or has lost packets, in order.
  func addresses() throws(BPFError) -> [(address: IPv4Address, isBlocked: Bool, drops: DropCount)] {
    var all: [IPv4Address: (isBlocked: Bool, drops: DropCount)] = [:]
    for (address, count) in try drops.entries() { all[address] = (false, count) }
    for (address, value) in try blocked.entries() {
      all[address] = (value != 0, all[address]?.drops ?? DropCount(packets: 0, bytes: 0))
    }
    return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value.isBlocked, $0.value.drops) }
  }
}
