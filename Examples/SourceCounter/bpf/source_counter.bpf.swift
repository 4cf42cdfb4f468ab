// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Packets and bytes by IPv4 source address. Each CPU counts for itself, so that no two write to the same place.
import BPFKernel

let license = License.dualBSDGPL

struct Load {
  var packets: UInt64
  var bytes: UInt64
}

var loads = LRUPerCPUHashMap<IPv4Address, Load>(maxEntries: 16384)

@section("xdp")
func countSource(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  guard let frame = packet.ethernet(), frame.type == .ipv4, let header = packet.ipv4() else { return .pass }
  let bytes = UInt64(context.length)
  let isKnown = loads.withValue(header.source) { load in
    load.packets += 1
    load.bytes += bytes
  }
  if !isKnown { loads.set(Load(packets: 1, bytes: bytes), for: header.source) }
  return .pass
}
