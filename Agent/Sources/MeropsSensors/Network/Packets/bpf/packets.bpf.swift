// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// UDP in sums, and DNS messages, where packets leave and reach sockets.
//
// The hook is that of control groups, at the root of their tree: it is there on every kernel from 4.10 on, sees each packet
// of a socket once, knows the socket, and reads the payload where it lies. Tracepoints know the socket or the payload,
// but not both. The programs answer 1 whatever happens, so no packet is ever dropped; the verifier knows no other
// answer of them either.
import BPFKernel

let license = License.dualBSDGPL

var events = RingBuffer<DNSRecord>(bytes: 1 << 12)
var counters = PerCPUArray<ClassCounts>(maxEntries: 8)
/// Those of the programs of connections.
var connections = HashMap<UInt64, Connection>(maxEntries: 65536)
var datagrams = LRUHashMap<UInt64, Connection>(maxEntries: 32768)
var flows = HashMap<FlowKey, Flow>(maxEntries: 16384)
@section(".rodata") var ignoresLoopback: UInt32 = 0
@section(".rodata") var watchesFlows: UInt32 = 1
@section(".rodata") var watchesDNS: UInt32 = 1

let domain: UInt16 = 53

@section("cgroup_skb/egress")
func onSend(_ packet: SocketBuffer) -> CgroupVerdict {
  look(packet, isOut: true)
  return .allow
}

@section("cgroup_skb/ingress")
func onReceive(_ packet: SocketBuffer) -> CgroupVerdict {
  look(packet, isOut: false)
  return .allow
}

@inline(__always)
func look(_ packet: SocketBuffer, isOut: Bool) {
  guard let heading = heading(packet) else { return }
  let isUDP = heading.transport == .udp
  guard isUDP || watchesDNS != 0 && heading.transport == .tcp else { return }
  guard let ports = packet.load(UInt32.self, at: heading.offset) else { return }
  let first = UInt16(truncatingIfNeeded: ports).byteSwapped
  let second = UInt16(truncatingIfNeeded: ports >> 16).byteSwapped
  let isDNS = watchesDNS != 0 && (isOut ? second : first) == domain
  guard isUDP || isDNS else { return }
  let sk = sk_buff.Probed(packet.pointer).sk
  guard !sk.isNull else { return }
  let key = UInt64(UInt(bitPattern: sk.pointer))
  guard let who = isUDP ? owner(packet, key, sk, isOut: isOut) : connections[key] else { return }
  var start = heading.offset &+ 8
  var sequence: UInt32 = 0
  if !isUDP {
    guard let tcp = packet.load(TCPHeader.self, at: heading.offset) else { return }
    start = heading.offset &+ UInt32(truncatingIfNeeded: tcp.length)
    sequence = tcp.sequence.value
  }
  guard packet.length >= start else { return }
  let seen = Packet(
    endpoints: Endpoints(
      source: isOut ? heading.source : heading.destination, destination: isOut ? heading.destination : heading.source,
      sourcePort: isOut ? first : second, destinationPort: isOut ? second : first),
    transport: heading.transport, networkNamespace: sk.__sk_common.skc_net.net.ns.inum, start: start,
    length: packet.length &- start, sequence: sequence, isOut: isOut)
  let isFiltered = who.flags & isIgnored != 0 || ignoresLoopback != 0 && heading.destination.isLoopback
  if isUDP && watchesFlows != 0 {
    if isFiltered { counters.countFiltered(CountedClass.network) } else { add(packet, seen, who) }
  }
  if isDNS && seen.length > 0 {
    if isFiltered { counters.countFiltered(CountedClass.dns) } else { send(packet, seen, who) }
  }
}
