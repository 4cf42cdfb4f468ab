// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel
struct Event { var pid: UInt32; var small: UInt8; var name: InlineArray<16, UInt8>; var when: UInt64 }
struct Pair { var a: UInt32; var b: UInt8 }
enum Kind: UInt8 { case a = 5, b = 9 }
struct S<T: BitwiseCopyable> { var x: T; var y: UInt8 }
struct Ev { var k: Kind; var o: Optional<UInt32>; var p: UnsafeRawPointer?; var b: Bool; var t: (UInt8, UInt16); var s: S<UInt16>; var i: Int; var n: InlineArray<2, S<UInt64>> }
let license = License.gpl
var counts = HashMap<Pair, UInt64>(maxEntries: 1024)
var unusedMap = HashMap<UInt64, Ev>(maxEntries: 77)
var events = RingBuffer<Event>(bytes: 1 << 18)
// var inner = HashOfMaps<UInt64, HashMap<UInt32, Ev>>(maxEntries: 3, innerMaxEntries: 5)
var drops: UInt64 = 0
@section(".rodata") var sampleRate: UInt32 = 1

@inline(never) func sub(_ a: UInt32, _ b: UInt32) -> UInt32 { a &* 7 &+ b }

@section("xdp")
func filter(_ packet: XDPContext) -> XDPAction {
  let pid = packet.interfaceIndex
  if sampleRate > 2 { return .pass }
  let key = Pair(a: pid, b: 1)
  counts.add(1, to: key)
  if !events.send({ $0.pid = sub(pid, 6); $0.when = 7 }) { atomicAdd(1, to: &drops) }
  if let n = counts[key], n > 10 { return .drop }
  return .pass
}
