// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Acts as records of the ring.
import BPFKernel

/// Counts an act, and sends its record unless the options leave it out. Programs of system calls are interrupted by those of
/// packets, so the counters are atomic.
@inline(__always)
func send(
  _ kind: UInt16, _ sk: sock.Probed, by who: Connection, at time: UInt64, error: UInt32 = 0,
  _ change: (inout SocketRecord) -> Void = { _ in }
) {
  guard tells != 0 else { return }
  let common = sk.__sk_common
  let destination = destination(common)
  if who.flags & isIgnored != 0 || ignoresLoopback != 0 && destination.isLoopback {
    return counters.countFiltered(CountedClass.network)
  }
  counters.count(CountedClass.network) { counts in
    if counts.isOverLimit(CountedClass.network) { return nil }
    return events.send(wakeup: wakeup) { record in
      record.header.set(kind, by: who, at: time, counts)
      clear(
        &record, sk, who,
        Endpoints(
          source: source(common), destination: destination, sourcePort: port(sk),
          destinationPort: common.skc_dport.byteSwapped), transport: UInt32(sk.sk_protocol), error)
      if kind == SocketRecordKind.close {
        let tcp = tcp_sock.Probed(raw: sk.raw)
        record.bytesSent = tcp.bytes_sent &- tcp.bytes_retrans
        // The peer's FIN counts as a byte (SOCK_DONE: it has come).
        record.bytesReceived = tcp.bytes_received &- (common.skc_flags >> 1 & 1)
        record.packetsSent = tcp.segs_out
        record.packetsReceived = tcp.segs_in
        record.retransmits = tcp.total_retrans
        record.roundTrip = tcp.srtt_us >> 3
      }
      if kind == SocketRecordKind.listen { record.backlog = sk.sk_max_ack_backlog }
      change(&record)
    }
  }
}

/// What all records of sockets have; the rest is zero.
@inline(__always)
func clear(
  _ record: inout SocketRecord, _ sk: sock.Probed, _ who: Connection, _ endpoints: Endpoints, transport: UInt32,
  _ error: UInt32
) {
  record.socket = who.socket
  record.began = who.began
  record.bytesSent = 0
  record.bytesReceived = 0
  record.packetsSent = 0
  record.packetsReceived = 0
  record.retransmits = 0
  record.roundTrip = 0
  record.endpoints = endpoints
  record.transport = transport
  record.networkNamespace = sk.__sk_common.skc_net.net.ns.inum
  record.backlog = 0
  record.error = error
  record.isPadding = 0
}

@inline(__always)
func countLost() {
  if tells != 0 { counters.countLost(CountedClass.network) }
}

/// A call that was refused: the socket does not know the address.
@inline(__always)
func tellOfUserAddress(_ kind: UInt16, _ sk: sock.Probed, _ who: Connection, _ call: Call, _ error: UInt32) {
  var address = UserAddress()
  let length = call.length < 28 ? call.length : 28
  guard readUser(count: length, at: UnsafeRawPointer(bitPattern: UInt(call.address)), into: &address) else {
    send(kind, sk, by: who, at: Clock.boot, error: error)
    return
  }
  send(kind, sk, by: who, at: Clock.boot, error: error) { record in
    guard address.family == ipv4 || address.family == ipv6 else { return }
    let given = address.family == ipv4 ? IPv6Address.mapped(address.ipv4) : address.ipv6
    let port = address.port.byteSwapped
    record.header.flags = SocketFlags.isUserAddress
    if kind == SocketRecordKind.connect {
      record.endpoints.destination = given
      record.endpoints.destinationPort = port
    } else {
      record.endpoints.source = given
      record.endpoints.sourcePort = port
    }
  }
}

/// A sockaddr_in or sockaddr_in6.
struct UserAddress {
  var family: UInt16 = 0
  var port: UInt16 = 0
  /// Of IPv6: the flow.
  var ipv4 = IPv4Address.any
  var ipv6 = IPv6Address.any
  var scope: UInt32 = 0
}
