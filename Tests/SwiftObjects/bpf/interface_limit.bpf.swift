// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Lets so many packets of an interface pass and drops the rest; for tests in the interpreter.
import BPFKernel

struct Sighting {
  var interface: UInt32
  var count: UInt64
}

let license = License.gpl
var sightings = HashMap<UInt32, UInt64>(maxEntries: 4)
var drops = RingBuffer<Sighting>(bytes: 4096)
var lost: UInt64 = 0
@section(".rodata") var limit: UInt64 = 2

@section("xdp")
func limitInterface(_ packet: XDPContext) -> XDPAction {
  let interface = packet.interfaceIndex
  sightings.add(1, to: interface)
  guard let count = sightings[interface], count > limit else { return .pass }
  let isSent = drops.send {
    $0.interface = interface
    $0.count = count
  }
  if !isSent { atomicAdd(1, to: &lost) }
  return .drop
}
