// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// TCP connections, from connect and accept to close, and local addresses.
//
// The kernel changes a connection's state where the packet arrives, in whatever runs there. So who connected or accepted
// is kept by the socket's address. An entry goes when the kernel destroys the socket.
import BPFKernel

let license = License.dualBSDGPL

var events = RingBuffer<SocketRecord>(bytes: 1 << 12)
var counters = PerCPUArray<ClassCounts>(maxEntries: 8)
var connections = HashMap<UInt64, Connection>(maxEntries: 65536)
/// Who uses which UDP socket: the programs of packets add those that send.
var datagrams = LRUHashMap<UInt64, Connection>(maxEntries: 32768)
var calls = LRUHashMap<UInt64, Call>(maxEntries: 16384)
/// Whether what stays on this machine is left out: 127.0.0.0/8 and ::1.
@section(".rodata") var ignoresLoopback: UInt32 = 0
/// Whether connections are reported, and not only remembered for the programs of packets.
@section(".rodata") var tells: UInt32 = 1
@section(".rodata") var watchesUnix: UInt32 = 0

/// From Linux 6.0 on the kernel leaves out a program that interrupts itself: a packet that arrives while a process
/// connects. So there are two of them, the second one for what the first one was left out of.
struct Turn {
  var isFirstRunning: UInt64
  /// How often the second one took over.
  var taken: UInt64
}
var turns = PerCPUArray<Turn>(maxEntries: 1)

@section("tp_btf/inet_sock_set_state")
func onStateChange(_ change: BTFTracepoint.inet_sock_set_state) -> Int32 {
  guard let turn = turns.pointer(to: 0) else { return 0 }
  turn.pointee.isFirstRunning = 1
  changed(change)
  turn.pointee.isFirstRunning = 0
  return 0
}

/// The kernel calls programs in the order in which they were attached.
@section("tp_btf/inet_sock_set_state")
func onInterruption(_ change: BTFTracepoint.inet_sock_set_state) -> Int32 {
  guard let turn = turns.pointer(to: 0), turn.pointee.isFirstRunning != 0 else { return 0 }
  turn.pointee.taken &+= 1
  changed(change)
  return 0
}

@inline(__always)
func changed(_ change: BTFTracepoint.inet_sock_set_state) {
  let sk = change.sk.probed
  guard UInt32(change.sk.sk_protocol) == tcp else { return }
  let key = key(sk)
  let old = TCPState(rawValue: change.oldstate)
  switch TCPState(rawValue: change.newstate) {
  case .synSent:
    // Runs in the process that connects.
    calls.withValue(CurrentThread.processAndThreadID) { $0.hasBegun = 1 }
    if !connections.set(caller(of: cookie(change)), for: key) { countLost() }
  case .established:
    if let connection = connections[key] {
      if connection.flags & isPassive == 0 { send(SocketRecordKind.connect, sk, by: connection, at: Clock.boot) }
    } else if old == .synReceived {
      connections.set(
        Connection(start: 0, pid: 0, thread: 0, socket: cookie(change), began: Clock.boot, flags: isPassive), for: key,
        if: .absent)
    }
  case .listening:
    let who = caller(of: cookie(change))
    if port(sk) != 0 {
      send(SocketRecordKind.listen, sk, by: who, at: who.began)
    } else {
      calls[CurrentThread.processAndThreadID] = Call(listener: key, time: who.began)
    }
  case .finWait1, .lastAcknowledgement:
    // Runs in the process that closes or shuts down.
    use(sk, key)
  case .closed: closed(sk, key, old)
  default: break
  }
}

/// The helper takes sockets from Linux 5.12 on, the release that brought bpf_check_mtu.
@inline(__always)
func cookie(_ change: BTFTracepoint.inet_sock_set_state) -> UInt64 {
  bpf_func_id.exists.BPF_FUNC_check_mtu
    ? bpf_get_socket_cookie(UnsafeMutableRawPointer(change.sk.raw)) : Clock.boot
}

@inline(__always)
func closed(_ sk: sock.Probed, _ key: UInt64, _ old: TCPState) {
  guard old != .closed && old != .listening else { return }
  guard let entry = connections.pointer(to: key) else {
    // There was no room for it, or the kernel hides its process from the iterator.
    if old != .synSent && old != .synReceived { countLost() }
    return
  }
  let time = Clock.boot
  if old == .synSent || old == .synReceived && entry.pointee.flags & isPassive == 0 {
    let connection = entry.pointee
    var error = UInt32(bitPattern: sk.sk_err)
    var isTold = false
    if error == 0 {
      // connect(2) gives up before a packet is sent, or the process does not wait for the answer.
      calls.withValue(CurrentThread.processAndThreadID) { call in
        if call.hasBegun != 0 {
          call.hasFailed = 1
          isTold = true
        }
      }
      error = port(sk) == 0 ? 99 : 125
    }
    if !isTold { send(SocketRecordKind.connect, sk, by: connection, at: time, error: error) }
    connections.delete(key)
    return
  }
  atomicAdd(time, to: &entry.pointee.ended)
  let connection = entry.pointee
  guard connection.flags & (isPassive | isAccepted) != isPassive, connections.delete(key) else { return }
  send(SocketRecordKind.close, sk, by: connection, at: time)
}

/// The running process uses a connection: it is the one that is reported at the end.
@inline(__always)
func use(_ sk: sock.Probed, _ key: UInt64) {
  guard let connection = connections.pointer(to: key) else { return }
  if connection.pointee.flags & (isPassive | isAccepted) == isPassive {
    // Accepted without a system call that is watched: through io_uring, or by a program of another architecture.
    accept(connection, sk, key)
  } else if connection.pointee.pid != CurrentThread.processID {
    var who = caller(of: connection.pointee.socket, flags: connection.pointee.flags & ~isIgnored)
    who.began = connection.pointee.began
    connections.set(who, for: key, if: .present)
  }
}

/// The running process accepts a connection. Meanwhile it may end on another CPU: each of both writes first what it does,
/// then looks at what the other wrote, and who can delete the entry reports the end.
@inline(__always)
func accept(_ connection: UnsafeMutablePointer<Connection>, _ sk: sock.Probed, _ key: UInt64) {
  var who = caller(of: connection.pointee.socket, flags: isPassive | isAccepted)
  let time = who.began
  who.began = connection.pointee.began
  connection.pointee.start = who.start
  connection.pointee.pid = who.pid
  connection.pointee.thread = who.thread
  atomicAdd(isAccepted | who.flags & isIgnored, to: &connection.pointee.flags)
  let ended = connection.pointee.ended
  send(SocketRecordKind.accept, sk, by: who, at: time)
  if ended != 0 && connections.delete(key) { send(SocketRecordKind.close, sk, by: who, at: ended) }
}

/// Runs in the process that reads.
@section("tp_btf/tcp_rcv_space_adjust")
func onReceive(_ call: BTFTracepoint.tcp_rcv_space_adjust) -> Int32 {
  let sk = call.sk.probed
  use(sk, key(sk))
  return 0
}

@section("tp_btf/tcp_destroy_sock")
func onDestroy(_ call: BTFTracepoint.tcp_destroy_sock) -> Int32 {
  connections.delete(key(call.sk.probed))
  return 0
}
