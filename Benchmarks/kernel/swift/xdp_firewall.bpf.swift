// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Drops packets from the IPv4 addresses in a table, behind up to two VLAN tags, with or without IP options.
import BPFKernel

let license = License.dualBSDGPL

var blocked = HashMap<IPv4Address, UInt64>(maxEntries: 65536)
var passed: UInt64 = 0
var dropped: UInt64 = 0
var malformed: UInt64 = 0

@section("xdp")
func firewall(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  guard let frame = packet.ethernet() else { return count(.drop, in: &malformed) }
  guard frame.type == .ipv4 else { return count(.pass, in: &passed) }
  guard let header = packet.ipv4() else { return count(.drop, in: &malformed) }
  if let hits = blocked.pointer(to: header.source) {
    atomicAdd(1, to: hits)
    return count(.drop, in: &dropped)
  }
  return count(.pass, in: &passed)
}

@inline(__always)
func count(_ action: XDPAction, in counter: inout UInt64) -> XDPAction {
  atomicAdd(1, to: &counter)
  return action
}
