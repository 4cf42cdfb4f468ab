// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Drops packets from the IPv4 addresses in a table that user space changes while traffic flows: Swift on both sides.
import BPFKernel

let license = License.dualBSDGPL

struct DropCount {
  var packets: UInt64
  var bytes: UInt64
}

/// 1 blocks; 0 keeps the entry without blocking.
var blockedAddresses = HashMap<IPv4Address, UInt8>(maxEntries: 65536)
/// The packets that each address has lost; the entry stays when the address is allowed again.
var dropCounts = HashMap<IPv4Address, DropCount>(maxEntries: 65536)

var passed: UInt64 = 0
var dropped: UInt64 = 0
/// Shorter than their own headers say: left to the kernel's own checks.
var malformed: UInt64 = 0
/// Drops of addresses for which the table of counts had no room.
var lostCounts: UInt64 = 0

func countDrop(_ address: IPv4Address, bytes: UInt64) {
  atomicAdd(1, to: &dropped)
  if dropCounts.pointer(to: address) == nil {
    if dropCounts.set(DropCount(packets: 1, bytes: bytes), for: address, if: .absent) { return }
  }
  // Another CPU may have been first, or the table is full.
  guard let count = dropCounts.pointer(to: address) else { return atomicAdd(1, to: &lostCounts) }
  atomicAdd(1, to: &count.pointee.packets)
  atomicAdd(bytes, to: &count.pointee.bytes)
}

@section("xdp")
func packetFilter(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  guard let frame = packet.ethernet() else {
    atomicAdd(1, to: &malformed)
    return .pass
  }
  if frame.type == .ipv4 {
    guard let header = packet.ipv4() else {
      atomicAdd(1, to: &malformed)
      return .pass
    }
    if blockedAddresses[header.source] == 1 {
      countDrop(header.source, bytes: UInt64(context.length))
      return .drop
    }
  }
  atomicAdd(1, to: &passed)
  return .pass
}
