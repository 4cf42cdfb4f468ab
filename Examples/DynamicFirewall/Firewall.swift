// SPDX-License-Identifier: Apache-2.0

import BPF

/// The maps of a running firewall, by their pins.
struct Firewall {
  var blocked: Map<IPv4Address, ByteBool>
  var drops: Map<IPv4Address, DynamicFirewall.DropCount>

  init(pins directory: String) throws(BPFError) {
    blocked = try Map(AnyMap(pinned: "\(directory)/blocked_addresses"))
    drops = try Map(AnyMap(pinned: "\(directory)/drop_counts"))
  }

  /// Every address that is blocked or has lost packets, in order.
  func addresses() throws(BPFError) -> [(address: IPv4Address, isBlocked: Bool, drops: DynamicFirewall.DropCount)] {
    var all: [IPv4Address: (isBlocked: Bool, drops: DynamicFirewall.DropCount)] = [:]
    for (address, count) in try drops.entries() { all[address] = (false, count) }
    for (address, isBlocked) in try blocked.entries() {
      all[address] = (isBlocked.value, all[address]?.drops ?? DynamicFirewall.DropCount())
    }
    return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value.isBlocked, $0.value.drops) }
  }
}
