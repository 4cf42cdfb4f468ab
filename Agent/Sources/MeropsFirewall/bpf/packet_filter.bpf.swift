// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Drops packets by their source: what becomes of which is in an image that user space exchanges whole. Looks at packets that
// leave, too, where rules ask which ones answer.
import BPFKernel

let license = License.dualBSDGPL

/// The image that counts, alone. What the flags say: mapped into memory, and each of a size of its own (Linux 5.10).
var images = ArrayOfMaps<ArrayMap<Page>>(
  maxEntries: 1, innerMaxEntries: 1, innerFlags: MapFlags(rawValue: 1 << 10 | 1 << 12))
var counters = PerCPUArray<SlotCount>(maxEntries: 65536)
var paces = PerCPUArray<DropPace>(maxEntries: 1)
/// When the next packet of a source would come at a rule's rate, in nanoseconds since boot.
var rates = LRUHashMap<RateKey, UInt64>(maxEntries: 32768)
/// Linux forgets the flow that was used longest ago when there are too many.
var flows = LRUHashMap<FlowKey, Flow>(maxEntries: 65536)
var flowCounts = PerCPUArray<FlowCount>(maxEntries: 2)
var drops = RingBuffer<DropRecord>(bytes: 1 << 18)

@section("xdp")
func firewall(_ context: XDPContext) -> XDPAction {
  let heading = Heading(context)
  if heading.slot != Slot.none {
    let word = heading.slot == Slot.other ? heading.slot : heading.slot | Word.drop
    return finish(context, heading, word, generation: 0)
  }
  var generation: UInt64 = 0
  // The one read that decides which image judges the packet. Without an image nothing is attached.
  let found = images.withMap(0) { image -> UInt32 in
    guard let page = Bytes(image.pointer(to: 0)) else { return Slot.unreadable | Word.drop }
    generation = page.load(UInt64.self, at: 8)
    var word = heading.isIPv6 ? search6(&image, page, heading) : search4(&image, page, heading)
    if word & Word.step != 0 { word = walk(&image, page, context, heading, word) }
    return word
  }
  return finish(context, heading, found ?? Slot.unreadable | Word.drop, generation: generation)
}

@section("tcx/egress")
func outgoing(_ context: SocketBuffer) -> TrafficAction {
  // The longest headers that are read, without extensions; the stack may have them elsewhere.
  let wanted = context.length < 96 ? context.length : 96
  if context.packet.count < Int(wanted) { context.pull(wanted) }
  var packet = context.packet
  let transport = packet.transport()
  if transport.isThere { learn(transport) }
  return .next
}

@inline(__always)
func finish(_ context: XDPContext, _ heading: Heading, _ word: UInt32, generation: UInt64) -> XDPAction {
  let slot = word & Word.slotMask
  if let count = counters.pointer(to: slot) {
    count.pointee.packets = count.pointee.packets &+ 1
    count.pointee.bytes = count.pointee.bytes &+ UInt64(context.length)
  }
  guard word & Word.drop != 0 else { return .pass }
  tell(context, heading, slot, generation)
  return .drop
}
