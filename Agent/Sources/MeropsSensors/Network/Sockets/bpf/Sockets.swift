// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What a socket is, and who uses it.
import BPFKernel

let tcp: UInt32 = 6
let udp: UInt32 = 17
let unix: UInt16 = 1
let ipv4: UInt16 = 2
let ipv6: UInt16 = 10

/// By which maps know a socket.
@inline(__always)
func key(_ sk: sock.Probed) -> UInt64 { UInt64(UInt(bitPattern: sk.pointer)) }

/// As `ss -e` shows it; 0 if nobody has asked for it.
@inline(__always)
func cookie(_ sk: sock.Probed) -> UInt64 { UInt64(bitPattern: sk.__sk_common.skc_cookie.counter) }

@inline(__always)
func isInternet(_ sk: sock.Probed) -> Bool {
  let family = sk.__sk_common.skc_family
  return family == ipv4 || family == ipv6
}

@inline(__always)
func isTCP(_ sk: sock.Probed) -> Bool { isInternet(sk) && UInt32(sk.sk_protocol) == tcp }

@inline(__always)
func isUDP(_ sk: sock.Probed) -> Bool { isInternet(sk) && UInt32(sk.sk_protocol) == udp }

@inline(__always)
func source(_ common: sock_common.Probed) -> IPv6Address {
  guard common.skc_family == ipv6 else { return .mapped(IPv4Address(networkOrder: common.skc_rcv_saddr)) }
  var address = IPv6Address.any
  _ = common.skc_v6_rcv_saddr.in6_u.u6_addr8.read(into: &address)
  return address
}

@inline(__always)
func destination(_ common: sock_common.Probed) -> IPv6Address {
  guard common.skc_family == ipv6 else { return .mapped(IPv4Address(networkOrder: common.skc_daddr)) }
  var address = IPv6Address.any
  _ = common.skc_v6_daddr.in6_u.u6_addr8.read(into: &address)
  return address
}

/// This side's port, also after the kernel took it from the socket.
@inline(__always)
func port(_ sk: sock.Probed) -> UInt16 { inet_sock.Probed(raw: sk.raw).inet_sport.byteSwapped }

/// The running process uses a socket, from now on.
@inline(__always)
func caller(of socket: UInt64, flags: UInt32 = 0) -> Connection {
  Connection(
    start: task_struct.Probed.current.group_leader.start_boottime, pid: CurrentThread.processID,
    thread: CurrentThread.threadID, socket: socket, began: Clock.boot,
    flags: isCallerLeftOut() ? flags | isIgnored : flags)
}

/// S_IFMT, S_IFSOCK
let isSocketBits: UInt16 = 0xf000
let isSocketMode: UInt16 = 0xc000

/// The socket that a file stands for.
@inline(__always)
func findSocket(_ opened: file.Probed) -> sock.Probed? {
  guard !opened.isNull, opened.f_inode.i_mode & isSocketBits == isSocketMode else { return nil }
  let sk = socket.Probed(opened.private_data).sk
  return sk.isNull ? nil : sk
}

/// The socket behind a descriptor of the running process.
@inline(__always)
func findSocket(_ descriptor: UInt32) -> sock.Probed? {
  let table = task_struct.Probed.current.files.fdt
  guard descriptor < table.max_fds else { return nil }
  return findSocket(table.fd[Int(descriptor)])
}

/// Who has the sockets that there are before the sensors.
@section("iter/task_file")
func onSocket(_ item: Iterator.task_file) -> Int32 {
  let task = item.task
  guard !item.file.isNull, !task.isNull, let sk = findSocket(item.file.probed) else { return 0 }
  let state = TCPState(rawValue: Int32(sk.__sk_common.skc_state))
  let pid = UInt32(truncatingIfNeeded: task.tgid)
  let flags = state == .synSent ? 0 : isAccepted
  let owner = Connection(
    start: task.group_leader.start_boottime, pid: pid, thread: UInt32(truncatingIfNeeded: task.pid),
    socket: cookie(sk), flags: isLeftOut(task.probed, pid) ? flags | isIgnored : flags)
  if isUDP(sk) {
    datagrams[key(sk)] = owner
  } else if isTCP(sk), state != .closed, state != .listening {
    connections.set(owner, for: key(sk), if: .absent)
  }
  return 0
}
