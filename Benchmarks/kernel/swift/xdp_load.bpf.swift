// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Packets and bytes of each IPv4 source, counted on each CPU by itself.
import BPFKernel

let license = License.dualBSDGPL

struct Load {
  var packets: UInt64 = 0
  var bytes: UInt64 = 0
}

var loads = LRUPerCPUHashMap<IPv4Address, Load>(maxEntries: 65536)

@section("xdp")
func countLoad(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  let bytes = UInt64(packet.count)
  guard let ethernet = packet.read(EthernetHeader.self), let header = packet.read(IPv4Header.self),
    ethernet.type == .ipv4
  else { return .pass }
  loads.withValue(header.source, default: Load()) { load in
    load.packets += 1
    load.bytes += bytes
  }
  return .pass
}
