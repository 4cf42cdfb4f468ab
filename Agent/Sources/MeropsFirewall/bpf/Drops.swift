// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Some of the drops, for people.
import BPFKernel
import CBPFKernel

/// Sends a record, as long as this CPU has not sent too many lately. The time is in ticks, which are read as from memory.
@inline(__always)
func tell(_ context: XDPContext, _ heading: Heading, _ slot: UInt32, _ generation: UInt64) {
  guard let pace = paces.pointer(to: 0) else { return }
  let window = bpf_jiffies64() >> 8
  if pace.pointee.window != window {
    pace.pointee.window = window
    pace.pointee.told = 0
  }
  if pace.pointee.told >= DropPace.limit {
    pace.pointee.untold = pace.pointee.untold &+ 1
    return
  }
  pace.pointee.told = pace.pointee.told &+ 1
  var packet = context.packet
  let transport = packet.transport()
  let untold = pace.pointee.untold
  let isSent = drops.send { record in
    record.time = Clock.boot
    record.sourceUpper = heading.upper
    record.sourceLower = heading.lower
    record.destinationUpper = transport.destination.upper
    record.destinationLower = transport.destination.lower
    record.generation = generation
    record.untold = untold
    record.length = context.length
    record.interface = context.interfaceIndex
    record.slot = slot
    record.sourcePort = transport.sourcePort
    record.destinationPort = transport.port
    record.etherType = heading.etherType
    record.vlan = heading.vlan
    record.transport = transport.number
    record.isIPv6 = heading.isIPv6 ? 1 : 0
    record.isPadding = 0
  }
  if isSent {
    pace.pointee.untold = 0
  } else {
    pace.pointee.lost = pace.pointee.lost &+ 1
    pace.pointee.untold = untold &+ 1
  }
}
