import BPFKernel

let license = License.gpl
struct Event {
  var address: UInt32
  var length: UInt16
  var name: FixedString<16>
}
var counts = HashMap<UInt32, UInt64>(maxEntries: 64)
var events = RingBuffer<Event>(bytes: 4096)
var sums = PerCPUArray<UInt64>(maxEntries: 2)
@section(".rodata") var limit: UInt32 = 100
var packets: UInt64 = 0

@inline(never)
func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
  var sum = a
  for _ in 0..<8 { sum = sum &* 31 &+ b }
  return sum
}

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  packets += 1
  counts.add(1, to: context.interfaceIndex)
  var packet = context.packet
  guard let frame = packet.ethernet(), frame.type == .ipv4, let header = packet.ipv4() else { return .pass }
  if context.length > limit {
    events.send {
      $0.length = UInt16(truncatingIfNeeded: mix(UInt64(header.totalLength.value), 3))
      $0.address = 1
    }
  }
  sums[1] = UInt64(context.length)
  return .drop
}
