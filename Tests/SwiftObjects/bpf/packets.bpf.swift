// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl

/// Every layer that the cursor knows; the verdict says which one was found.
@section("xdp")
func parse(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  guard let frame = packet.ethernet() else { return .aborted }
  var payload: IPProtocol
  if frame.type == .ipv4 {
    let place = packet.mark
    guard let header = packet.ipv4() else { return .aborted }
    if header.isLaterFragment { return .pass }
    if header.source.isIn(IPv4Address(10, 0, 0, 0), prefixLength: 8) { return .drop }
    payload = header.protocol
    packet.modify(IPv4Header.self, at: place) { $0.decrementTimeToLive() }
  } else if frame.type == .ipv6 {
    guard let header = packet.ipv6(), let behind = packet.skipExtensions(header.next) else { return .aborted }
    if behind.isLaterFragment { return .pass }
    if header.source == IPv6Address(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1) { return .drop }
    payload = behind.protocol
  } else {
    return .pass
  }
  switch payload {
  case .tcp:
    guard let segment = packet.tcp() else { return .aborted }
    return segment.flags.contains(.syn) && segment.destinationPort == 80 ? .drop : .pass
  case .udp:
    guard let datagram = packet.udp() else { return .aborted }
    return datagram.destinationPort == 53 ? .drop : .pass
  case .icmp, .icmpv6:
    guard let message = packet.icmp() else { return .aborted }
    return message.identifier == 7 ? .drop : .pass
  default:
    if let tag = frame.vlan, tag.id == 5 { return .drop }
    return .pass
  }
}

/// Sends every frame back where it came from.
@section("xdp")
func reflect(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  let place = packet.mark
  guard packet.ethernet() != nil else { return .pass }
  packet.modify(EthernetHeader.self, at: place) { $0.swapAddresses() }
  return .transmit
}

/// Helpers that reach bytes wherever they are.
@section("xdp")
func byHelpers(_ context: XDPContext) -> XDPAction {
  guard let type: BigEndian<UInt16> = context.load(at: 12) else { return .aborted }
  context.store(UInt32(0x0102_0304).bigEndian, at: 0)
  return type == 0x0806 ? .drop : .pass
}

/// The same by a dynptr.
@section("xdp")
func byDynamicPointer(_ context: XDPContext) -> XDPAction {
  context.withDynamicPointer { view in
    guard let type: BigEndian<UInt16> = view.load(at: 12) else { return .aborted }
    view.store(UInt32(0x0102_0304).bigEndian, at: 0)
    return type == 0x0806 ? .drop : .pass
  }
}

@section("tc")
func classify(_ context: SocketBuffer) -> TrafficAction {
  context.mark = 7
  context.setScratch(2, context.length)
  var packet = context.packet
  guard let frame = packet.ethernet(), frame.type == .ipv4, let header = packet.ipv4() else { return .next }
  guard header.protocol == .udp, let datagram = packet.udp() else { return .pass }
  if let socket = context.socket?.full, let tcp = socket.tcp, tcp.congestionWindow > 100 { return .pass }
  // The source port becomes 4001, and the checksums stay right.
  let port = BigEndian<UInt16>(4001)
  let udp = UInt32(14 &+ header.length)
  context.updateTransportChecksum(at: udp &+ 6, from: datagram.sourcePort, to: port, allowingZero: true)
  context.store(port, at: udp)
  return context.load(BigEndian<UInt16>.self, at: udp) == port ? .drop : .pass
}

@section("cgroup_skb/egress")
func leaving(_ context: SocketBuffer) -> CgroupVerdict {
  var packet = context.packet
  guard let header = packet.ipv4() else { return .allow }
  return header.destination == IPv4Address(192, 0, 2, 1) && context.cgroupID > 0 ? .deny : .allow
}

@section("socket")
func keep(_ context: SocketBuffer) -> UInt32 { context.load(UInt8.self, at: 0) == 0x45 ? context.length : 0 }

/// Drops what no socket of this machine waits for.
@section("xdp")
func wanted(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  guard let frame = packet.ethernet(), frame.type == .ipv4, let header = packet.ipv4(), header.protocol == .udp,
    let datagram = packet.udp()
  else { return .pass }
  let ends = IPv4Connection(
    source: header.source, sourcePort: datagram.sourcePort, destination: header.destination,
    destinationPort: datagram.destinationPort)
  return context.withUDPSocket(ends) { $0.family == 2 } ?? false ? .pass : .drop
}
