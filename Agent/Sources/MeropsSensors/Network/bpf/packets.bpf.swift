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
/// Bits of a UDP socket's flags: which side sent first. Neither, if nothing was seen.
let isClient: UInt32 = 4
let isServer: UInt32 = 8

/// What the headers of a packet say.
struct Heading {
  var source: IPv6Address
  var destination: IPv6Address
  var transport: IPProtocol
  /// Where the header of the transport protocol starts.
  var offset: UInt32
}

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
func mapped(_ address: IPv4Address) -> IPv6Address {
  IPv6Address(networkOrder: (0, 0, 0xffff_0000, address.networkOrder))
}

@inline(__always)
func isLoopback(_ address: IPv6Address) -> Bool {
  let words = address.words
  guard words.0 == 0 && words.1 == 0 else { return false }
  return words.2 == 0xffff_0000 && words.3 & 0xff == 127 || words.2 == 0 && words.3 == 0x0100_0000
}

@inline(__always)
func heading(_ packet: SocketBuffer) -> Heading? {
  if packet.etherType == .ipv4 {
    guard let ip = packet.load(IPv4Header.self, at: 0), !ip.isLaterFragment else { return nil }
    return Heading(
      source: mapped(ip.source), destination: mapped(ip.destination), transport: ip.protocol,
      offset: UInt32(truncatingIfNeeded: ip.length))
  }
  guard packet.etherType == .ipv6, let ip = packet.load(IPv6Header.self, at: 0) else { return nil }
  var next = ip.next
  var offset: UInt32 = 40
  // Hop-by-hop, routing, destination and fragment headers; no sane packet has more.
  for _ in 0..<3 {
    guard next.rawValue == 0 || next.rawValue == 43 || next.rawValue == 60 || next.rawValue == 44 else { break }
    guard let words = packet.load(UInt32.self, at: offset) else { return nil }
    if next.rawValue == 44 {
      // Of a fragment that is not the first, no transport header is there.
      if words.byteSwapped & 0xfff8 != 0 { return nil }
      offset &+= 8
    } else {
      offset &+= (words >> 8 & 0xff) &* 8 &+ 8
    }
    next = IPProtocol(rawValue: UInt8(truncatingIfNeeded: words))
  }
  return Heading(source: ip.source, destination: ip.destination, transport: next, offset: offset)
}

@inline(__always)
func look(_ packet: SocketBuffer, isOut: Bool) {
  guard let heading = heading(packet) else { return }
  let isUDP = heading.transport == .udp
  guard isUDP || watchesDNS != 0 && heading.transport == .tcp else { return }
  guard let ports = packet.load(UInt32.self, at: heading.offset) else { return }
  let source = UInt16(truncatingIfNeeded: ports).byteSwapped
  let destination = UInt16(truncatingIfNeeded: ports >> 16).byteSwapped
  let isDNS = watchesDNS != 0 && (isOut ? destination : source) == domain
  guard isUDP || isDNS else { return }
  let sk = sk_buff.Probed(packet.pointer).sk
  guard !sk.isNull else { return }
  let key = UInt64(UInt(bitPattern: sk.pointer))
  guard let who = isUDP ? owner(key, sk, isOut: isOut) : connections[key] else { return }
  var start = heading.offset &+ 8
  var sequence: UInt32 = 0
  if !isUDP {
    guard let tcp = packet.load(TCPHeader.self, at: heading.offset) else { return }
    start = heading.offset &+ UInt32(truncatingIfNeeded: tcp.length)
    sequence = tcp.sequence.value
  }
  let length = packet.length &- start
  guard packet.length >= start else { return }
  let isIgnored = ignoresLoopback != 0 && isLoopback(heading.destination)
  if isUDP && watchesFlows != 0 {
    add(packet, heading, who, source, destination, length, isOut: isOut, isIgnored: isIgnored)
  }
  if isDNS && length > 0 {
    send(packet, heading, who, sk, source, destination, start, length, sequence, isOut: isOut, isIgnored: isIgnored)
  }
}

/// Who uses a UDP socket: the process that sent last. A socket of the kernel's own has no process.
@inline(__always)
func owner(_ key: UInt64, _ sk: sock.Probed, isOut: Bool) -> Connection? {
  let known = datagrams.pointer(to: key)
  if !isOut {
    guard let known else { return nil }
    if known.pointee.flags & (isClient | isServer) == 0 {
      known.pointee.flags = sk.__sk_common.skc_dport != 0 ? isClient : isServer
    }
    return known.pointee
  }
  guard !sk.sk_socket.file.isNull else { return nil }
  let task = task_struct.Probed.current
  let pid = UInt32(bitPattern: task.tgid)
  if let known, known.pointee.pid == pid {
    if known.pointee.flags & (isClient | isServer) == 0 { known.pointee.flags = isClient }
    return known.pointee
  }
  let flags = known.map { $0.pointee.flags } ?? 0
  let who = Connection(
    start: task.group_leader.start_boottime, began: 0, ended: 0,
    socket: UInt64(bitPattern: sk.__sk_common.skc_cookie.counter), pid: pid, thread: UInt32(bitPattern: task.pid),
    flags: flags & (isClient | isServer) == 0 ? isClient : flags, isPadding: 0)
  datagrams[key] = who
  return who
}

@inline(__always)
func add(
  _ packet: SocketBuffer, _ heading: Heading, _ who: Connection, _ source: UInt16, _ destination: UInt16,
  _ length: UInt32, isOut: Bool, isIgnored: Bool
) {
  guard let counts = counters.pointer(to: CountedClass.network) else { return }
  if isIgnored {
    atomicAdd(1, to: &counts.pointee.filtered)
    return
  }
  let isServer = who.flags & isServer != 0
  let key = FlowKey(
    start: who.start, source: isOut ? heading.source : heading.destination,
    destination: isOut ? heading.destination : heading.source, pid: who.pid,
    networkNamespace: sk_buff.Probed(packet.pointer).sk.__sk_common.skc_net.net.ns.inum,
    sourcePort: isServer ? (isOut ? source : destination) : 0,
    destinationPort: isServer ? 0 : (isOut ? destination : source), isPadding: 0)
  // Segmentation in the network card: one packet here is many there, each with a header of its own.
  let segments = packet.segments > 1 ? packet.segments : 1
  let time = Clock.boot
  let isThere = flows.withValue(
    key,
    default: Flow(first: time, last: time, bytesSent: 0, bytesReceived: 0, packetsSent: 0, packetsReceived: 0)
  ) { flow in
    flow.last = time
    if isOut {
      atomicAdd(UInt64(length), to: &flow.bytesSent)
      atomicAdd(UInt64(segments), to: &flow.packetsSent)
    } else {
      atomicAdd(UInt64(length), to: &flow.bytesReceived)
      atomicAdd(UInt64(segments), to: &flow.packetsReceived)
    }
  }
  if !isThere { atomicAdd(UInt64(segments), to: &counts.pointee.lost) }
}

@inline(__always)
func send(
  _ packet: SocketBuffer, _ heading: Heading, _ who: Connection, _ sk: sock.Probed, _ source: UInt16,
  _ destination: UInt16, _ start: UInt32, _ length: UInt32, _ sequence: UInt32, isOut: Bool, isIgnored: Bool
) {
  guard let counts = counters.pointer(to: CountedClass.dns) else { return }
  if isIgnored {
    atomicAdd(1, to: &counts.pointee.filtered)
    return
  }
  let number = counts.pointee.sequence &+ 1
  counts.pointee.sequence = number
  let isSent = events.send { record in
    record.header.time = Clock.boot
    record.header.start = who.start
    record.header.sequence = number
    record.header.pid = who.pid
    record.header.thread = who.thread
    record.header.kind = isOut ? DNSRecordKind.query : DNSRecordKind.answer
    record.header.processor = UInt16(truncatingIfNeeded: currentProcessor)
    record.header.flags = 0
    record.socket = who.socket
    record.source = isOut ? heading.source : heading.destination
    record.destination = isOut ? heading.destination : heading.source
    record.sourcePort = isOut ? source : destination
    record.destinationPort = isOut ? destination : source
    record.transport = UInt32(heading.transport.rawValue)
    record.networkNamespace = sk.__sk_common.skc_net.net.ns.inum
    record.sequence = sequence
    record.length = length
    record.isPadding = 0
    let limit: UInt32 = 1472
    if !packet.load(count: length < limit ? length : limit, at: start, into: &record.payload) { record.length = 0 }
  }
  if isSent { atomicAdd(1, to: &counts.pointee.recorded) } else { atomicAdd(1, to: &counts.pointee.lost) }
}
