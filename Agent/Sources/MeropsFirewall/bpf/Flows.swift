// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Flows: what leaves makes them known, what arrives is looked up among them.
import BPFKernel

// MARK: What leaves

/// Makes the flow of a packet known that leaves.
@inline(__always)
func learn(_ transport: Transport) {
  var key = FlowKey(
    remoteUpper: transport.destination.upper, remoteLower: transport.destination.lower,
    localUpper: transport.source.upper, localLower: transport.source.lower, remotePort: transport.port,
    localPort: transport.sourcePort, transport: transport.number, isIPv6: transport.isIPv6 ? 1 : 0, isPadding: 0)
  let now = Clock.boot
  if transport.number == IPProtocol.tcp.rawValue {
    learnTCP(key, transport, now)
  } else if transport.number == IPProtocol.udp.rawValue {
    if let flow = flows.pointer(to: key) {
      keep(flow, until: now &+ (flow.pointee.state == FlowState.begun ? FlowTime.datagram : FlowTime.answered))
    } else {
      begin(key, Flow(end: now &+ FlowTime.datagram, state: FlowState.begun, acknowledged: 0))
    }
  } else if transport.isEchoRequest {
    key.localPort = transport.identifier
    if let flow = flows.pointer(to: key) {
      keep(flow, until: now &+ FlowTime.datagram)
    } else {
      begin(key, Flow(end: now &+ FlowTime.datagram, state: FlowState.begun, acknowledged: 0))
    }
  }
}

@inline(__always)
func learnTCP(_ key: FlowKey, _ transport: Transport, _ now: UInt64) {
  let flags = TCPFlags(rawValue: transport.flags)
  let flow = flows.pointer(to: key)
  if flags.contains(.syn) {
    // With ACK it answers: what it answers was let in by a rule.
    if flags.contains(.ack) { return }
    let new = Flow(end: now &+ FlowTime.begun, state: FlowState.begun, acknowledged: 0)
    if let flow { flow.pointee = new } else { begin(key, new) }
    return
  }
  if flags.contains(.rst) || flags.contains(.fin) {
    // What ends makes nothing known.
    guard let flow else { return }
    flow.pointee.state = FlowState.closing
    flow.pointee.end = now &+ (flags.contains(.rst) ? FlowTime.reset : FlowTime.closing)
    flow.pointee.acknowledged = transport.acknowledgement
    return
  }
  guard flags.contains(.ack) else { return }
  // Also of a connection that was there before anybody asked for flows.
  guard let flow else {
    begin(
      key,
      Flow(
        end: now &+ FlowTime.established, state: FlowState.established, acknowledged: transport.acknowledgement))
    return
  }
  flow.pointee.acknowledged = transport.acknowledgement
  if flow.pointee.state == FlowState.closing && flow.pointee.end > now {
    keep(flow, until: now &+ FlowTime.closing)
  } else {
    flow.pointee.state = FlowState.established
    keep(flow, until: now &+ FlowTime.established)
  }
}

@inline(__always)
func begin(_ key: FlowKey, _ flow: Flow) {
  // Another CPU may be first.
  let isBegun = flows.set(flow, for: key, if: .absent)
  guard isBegun || flows.pointer(to: key) == nil, let count = flowCounts.pointer(to: FlowCount.byPrograms) else {
    return
  }
  if isBegun {
    count.pointee.begun = count.pointee.begun &+ 1
  } else {
    count.pointee.failed = count.pointee.failed &+ 1
  }
}

/// Moves a flow's end on, unless that makes less than a second: CPUs need not take the entry from each other for each packet.
@inline(__always)
func keep(_ flow: UnsafeMutablePointer<Flow>, until end: UInt64) {
  if end > flow.pointee.end &+ FlowTime.second { flow.pointee.end = end }
}

// MARK: What arrives

extension Packet {
  /// Whether a packet that arrives belongs to a flow, or is an ICMP error about one.
  ///
  /// - Parameter transport: what was read; the cursor is behind it.
  @inline(__always) @_lifetime(self: copy self)
  mutating func isOfKnownFlow(_ transport: Transport) -> Bool {
    guard transport.isThere else { return false }
    let now = Clock.boot
    if transport.isError { return isAboutKnownFlow(transport, now) }
    var key = FlowKey(
      remoteUpper: transport.source.upper, remoteLower: transport.source.lower,
      localUpper: transport.destination.upper, localLower: transport.destination.lower,
      remotePort: transport.sourcePort, localPort: transport.port, transport: transport.number,
      isIPv6: transport.isIPv6 ? 1 : 0, isPadding: 0)
    if transport.isEchoReply {
      key.localPort = transport.identifier
    } else if transport.number != IPProtocol.tcp.rawValue && transport.number != IPProtocol.udp.rawValue {
      return false
    }
    guard let flow = flows.pointer(to: key), flow.pointee.end > now else { return false }
    if transport.number == IPProtocol.tcp.rawValue {
      let flags = TCPFlags(rawValue: transport.flags)
      // Whoever sends a SYN alone begins, unless both began at the same moment.
      if flags.contains(.syn) && !flags.contains(.ack) { return flow.pointee.state == FlowState.begun }
      // An RST ends the flow where the receiver would heed it: others may be forged by whoever guesses the ports.
      if flags.contains(.rst) && flow.pointee.state == FlowState.established
        && transport.sequence &- flow.pointee.acknowledged < 1 << 16
      {
        flow.pointee.state = FlowState.closing
        flow.pointee.end = now &+ FlowTime.reset
      }
    } else if transport.number == IPProtocol.udp.rawValue {
      flow.pointee.state = FlowState.established
      keep(flow, until: now &+ FlowTime.answered)
    }
    return true
  }

  /// Whether the packet that an error has with it is one of a flow's.
  @inline(__always) @_lifetime(self: copy self)
  mutating func isAboutKnownFlow(_ error: Transport, _ now: UInt64) -> Bool {
    var (source, destination) = (End(), End())
    var number: UInt8 = 0
    if error.isIPv6 {
      guard let header = ipv6() else { return false }
      (source, destination) = (End(header.source), End(header.destination))
      number = header.next.rawValue
    } else {
      guard let header = ipv4(), !header.isLaterFragment else { return false }
      (source, destination) = (End(header.source), End(header.destination))
      number = header.protocol.rawValue
    }
    // It goes to whoever sent the packet.
    guard source.upper == error.destination.upper && source.lower == error.destination.lower else { return false }
    var (remotePort, localPort): (UInt16, UInt16) = (0, 0)
    if number == IPProtocol.tcp.rawValue || number == IPProtocol.udp.rawValue {
      guard let ports = read(Ports.self) else { return false }
      (localPort, remotePort) = (ports.source.value, ports.destination.value)
    } else if number == (error.isIPv6 ? IPProtocol.icmpv6.rawValue : IPProtocol.icmp.rawValue) {
      guard let header = icmp(), header.type == (error.isIPv6 ? 128 : 8) else { return false }
      localPort = header.identifier
    } else {
      return false
    }
    let key = FlowKey(
      remoteUpper: destination.upper, remoteLower: destination.lower, localUpper: source.upper,
      localLower: source.lower, remotePort: remotePort, localPort: localPort, transport: number,
      isIPv6: error.isIPv6 ? 1 : 0, isPadding: 0)
    guard let flow = flows.pointer(to: key) else { return false }
    return flow.pointee.end > now
  }
}

/// How TCP's and UDP's headers begin: an error has no more of them than 8 bytes.
struct Ports: BitwiseCopyable {
  var source: BigEndian<UInt16>
  var destination: BigEndian<UInt16>
}

extension Transport {
  var isICMP: Bool { @inline(__always) get { !isIPv6 && number == IPProtocol.icmp.rawValue } }
  var isICMPv6: Bool { @inline(__always) get { isIPv6 && number == IPProtocol.icmpv6.rawValue } }

  var isEchoRequest: Bool { @inline(__always) get { isICMP && icmpType == 8 || isICMPv6 && icmpType == 128 } }
  var isEchoReply: Bool { @inline(__always) get { isICMP && icmpType == 0 || isICMPv6 && icmpType == 129 } }

  /// Unreachable, too big, time exceeded, a wrong parameter (RFC 792, RFC 4443): with the packet that it is about.
  var isError: Bool {
    @inline(__always) get {
      isICMP && (icmpType == 3 || icmpType == 11 || icmpType == 12) || isICMPv6 && icmpType >= 1 && icmpType <= 4
    }
  }
}
