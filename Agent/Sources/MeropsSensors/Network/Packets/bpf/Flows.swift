// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// UDP: who uses a socket, and how much it sends and receives.
import BPFKernel

/// Who uses a UDP socket: the process that sent last. A socket of the kernel's own has no process.
///
/// Nothing tells when a UDP socket ends. Another one may be where it was: the cookie is another one then.
@inline(__always)
func owner(_ packet: SocketBuffer, _ key: UInt64, _ sk: sock.Probed, isOut: Bool) -> Connection? {
  let cookie = packet.socketCookie
  var known = datagrams.pointer(to: key)
  if let entry = known {
    if entry.pointee.socket == 0 { entry.pointee.socket = cookie }
    if entry.pointee.socket != cookie { known = nil }
  }
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
  let side = known.map { $0.pointee.flags & (isClient | isServer) } ?? 0
  let who = Connection(
    start: task.group_leader.start_boottime, pid: pid, thread: UInt32(bitPattern: task.pid), socket: cookie,
    flags: (side == 0 ? isClient : side) | (isLeftOut(task, pid) ? isIgnored : 0))
  datagrams[key] = who
  return who
}

@inline(__always)
func add(_ packet: SocketBuffer, _ seen: Packet, _ who: Connection) {
  var key = FlowKey(
    start: who.start, endpoints: seen.endpoints, pid: who.pid, networkNamespace: seen.networkNamespace, isPadding: 0)
  if who.flags & isServer != 0 { key.endpoints.destinationPort = 0 } else { key.endpoints.sourcePort = 0 }
  // Segmentation in the network card: one packet here is many there, each with a header of its own.
  let segments = packet.segments > 1 ? packet.segments : 1
  let time = Clock.boot
  let isThere = flows.withValue(key, default: Flow(startingAt: time)) { flow in
    flow.last = time
    if seen.isOut {
      atomicAdd(UInt64(seen.length), to: &flow.bytesSent)
      atomicAdd(UInt64(segments), to: &flow.packetsSent)
    } else {
      atomicAdd(UInt64(seen.length), to: &flow.bytesReceived)
      atomicAdd(UInt64(segments), to: &flow.packetsReceived)
    }
  }
  if !isThere { counters.countLost(CountedClass.network, by: UInt64(segments)) }
}
