// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The same question put to the kernel's trie, and a program that answers without a look: what the firewall is measured beside.
import BPFKernel

let license = License.dualBSDGPL

struct Count {
  var packets: UInt64
  var bytes: UInt64
}

var blocked4 = LPMTrie<LPMKey<IPv4Address>, UInt32>(maxEntries: 2_000_000)
var blocked6 = LPMTrie<LPMKey<IPv6Address>, UInt32>(maxEntries: 2_000_000)
var counts = PerCPUArray<Count>(maxEntries: 65536)

@section("xdp")
func byTrie(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  guard let frame = packet.ethernet() else { return .drop }
  var slot: UInt32 = 0
  if frame.type == .ipv4 {
    guard let header = packet.ipv4() else { return .drop }
    slot = blocked4[LPMKey(header.source)] ?? 0
  } else if frame.type == .ipv6 {
    guard let header = packet.ipv6() else { return .drop }
    slot = blocked6[LPMKey(header.source)] ?? 0
  }
  if let count = counts.pointer(to: slot & 0xffff) {
    count.pointee.packets = count.pointee.packets &+ 1
    count.pointee.bytes = count.pointee.bytes &+ UInt64(context.length)
  }
  return slot == 0 ? .pass : .drop
}

@section("xdp")
func passAll(_ context: XDPContext) -> XDPAction { .pass }
