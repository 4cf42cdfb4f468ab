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
/// Records with a name behind them: of the programs of system calls, which do not interrupt each other.
var named = ByteBuilder<4608>()

let isPassive: UInt32 = 1
let isAccepted: UInt32 = 2

/// A system call that has not returned, by thread.
struct Call {
  /// The address that the caller gave, in its memory.
  var address: UInt64
  var time: UInt64
  /// The socket that began to listen on a port that the kernel chooses later.
  var listener: UInt64
  var descriptor: UInt32
  var length: UInt32
  /// The connection left the state of a closed one.
  var hasBegun: UInt32
  /// It went back there, and the call tells why.
  var hasFailed: UInt32
}

let tcp: UInt32 = 6
let udp: UInt32 = 17
let ipv4: UInt16 = 2
let ipv6: UInt16 = 10

// MARK: Sending

@inline(__always)
func now(_ flags: UInt32, _ socket: UInt64) -> Connection {
  let task = task_struct.Probed.current
  return Connection(
    start: task.group_leader.start_boottime, began: Clock.boot, ended: 0, socket: socket,
    pid: CurrentThread.processID, thread: CurrentThread.threadID, flags: flags, isPadding: 0)
}

@inline(__always)
func mapped(_ address: UInt32) -> IPv6Address { IPv6Address(networkOrder: (0, 0, 0xffff_0000, address)) }

@inline(__always)
func isLoopback(_ address: IPv6Address) -> Bool {
  let words = address.words
  guard words.0 == 0 && words.1 == 0 else { return false }
  return words.2 == 0xffff_0000 && words.3 & 0xff == 127 || words.2 == 0 && words.3 == 0x0100_0000
}

@inline(__always)
func destination(_ common: sock_common.Probed) -> IPv6Address {
  guard common.skc_family == ipv6 else { return mapped(common.skc_daddr) }
  var address = IPv6Address.any
  _ = common.skc_v6_daddr.in6_u.u6_addr8.read(into: &address)
  return address
}

/// This side's port, also after the kernel took it from the socket.
@inline(__always)
func port(_ sk: sock.Probed) -> UInt16 { inet_sock.Probed(raw: sk.raw).inet_sport.byteSwapped }

@inline(__always)
func source(_ common: sock_common.Probed) -> IPv6Address {
  guard common.skc_family == ipv6 else { return mapped(common.skc_rcv_saddr) }
  var address = IPv6Address.any
  _ = common.skc_v6_rcv_saddr.in6_u.u6_addr8.read(into: &address)
  return address
}

/// Counts an act, and sends its record unless the options leave it out. Programs of system calls are interrupted by those of
/// packets, so the counters are atomic.
@inline(__always)
func send(
  _ kind: UInt16, _ sk: sock.Probed, by who: Connection, at time: UInt64, error: UInt32 = 0,
  _ change: (inout SocketRecord) -> Void = { _ in }
) {
  guard tells != 0, let counts = counters.pointer(to: CountedClass.network) else { return }
  let common = sk.__sk_common
  let destination = destination(common)
  if ignoresLoopback != 0 && isLoopback(destination) {
    atomicAdd(1, to: &counts.pointee.filtered)
    return
  }
  let sequence = counts.pointee.sequence &+ 1
  counts.pointee.sequence = sequence
  let isSent = events.send { record in
    head(&record, kind, sk, who, time, sequence)
    record.source = source(common)
    record.destination = destination
    record.sourcePort = port(sk)
    record.destinationPort = common.skc_dport.byteSwapped
    record.transport = UInt32(sk.sk_protocol)
    record.error = error
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
  if isSent { atomicAdd(1, to: &counts.pointee.recorded) } else { atomicAdd(1, to: &counts.pointee.lost) }
}

@inline(__always)
func countLost() {
  if tells != 0, let counts = counters.pointer(to: CountedClass.network) { atomicAdd(1, to: &counts.pointee.lost) }
}

// MARK: Where the kernel changes the state

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
  guard UInt32(change.sk.sk_protocol) == tcp else { return }
  let sk = change.sk.probed
  let key = UInt64(UInt(bitPattern: sk.pointer))
  let old = TCPState(rawValue: change.oldstate)
  switch TCPState(rawValue: change.newstate) {
  case .synSent:
    // Runs in the process that connects.
    calls.withValue(CurrentThread.processAndThreadID) { $0.hasBegun = 1 }
    if !connections.set(now(0, cookie(change)), for: key) { countLost() }
  case .established:
    if let connection = connections[key] {
      if connection.flags & isPassive == 0 { send(SocketRecordKind.connect, sk, by: connection, at: Clock.boot) }
    } else if old == .synReceived {
      connections.set(
        Connection(
          start: 0, began: Clock.boot, ended: 0, socket: cookie(change), pid: 0, thread: 0, flags: isPassive,
          isPadding: 0), for: key, if: .absent)
    }
  case .listening:
    let who = now(0, cookie(change))
    if port(sk) != 0 {
      send(SocketRecordKind.listen, sk, by: who, at: who.began)
    } else {
      calls[CurrentThread.processAndThreadID] = Call(
        address: 0, time: who.began, listener: key, descriptor: 0, length: 0, hasBegun: 0, hasFailed: 0)
    }
  case .finWait1, .lastAcknowledgement:
    // Runs in the process that closes or shuts down.
    use(sk, key)
  case .closed: closed(sk, key, old)
  default: break
  }
}

@inline(__always)
/// The helper takes sockets from Linux 5.12 on, the release that brought bpf_check_mtu.
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
    var who = now(connection.pointee.flags, connection.pointee.socket)
    who.began = connection.pointee.began
    connections.set(who, for: key, if: .present)
  }
}

/// The running process accepts a connection. Meanwhile it may end on another CPU: each of both writes first what it does,
/// then looks at what the other wrote, and who can delete the entry reports the end.
@inline(__always)
func accept(_ connection: UnsafeMutablePointer<Connection>, _ sk: sock.Probed, _ key: UInt64) {
  var who = now(isPassive | isAccepted, connection.pointee.socket)
  let time = who.began
  who.began = connection.pointee.began
  connection.pointee.start = who.start
  connection.pointee.pid = who.pid
  connection.pointee.thread = who.thread
  atomicAdd(isAccepted, to: &connection.pointee.flags)
  let ended = connection.pointee.ended
  send(SocketRecordKind.accept, sk, by: who, at: time)
  if ended != 0 && connections.delete(key) { send(SocketRecordKind.close, sk, by: who, at: ended) }
}

/// Runs in the process that reads.
@section("tp_btf/tcp_rcv_space_adjust")
func onReceive(_ call: BTFTracepoint.tcp_rcv_space_adjust) -> Int32 {
  use(call.sk.probed, UInt64(UInt(bitPattern: call.sk.pointer)))
  return 0
}

@section("tp_btf/tcp_destroy_sock")
func onDestroy(_ call: BTFTracepoint.tcp_destroy_sock) -> Int32 {
  connections.delete(UInt64(UInt(bitPattern: call.sk.pointer)))
  return 0
}

/// Who has the connections that there are before the sensors.
@section("iter/task_file")
func onSocket(_ item: Iterator.task_file) -> Int32 {
  let opened = item.file
  let task = item.task
  guard !opened.isNull, !task.isNull, opened.f_inode.i_mode & isSocketBits == isSocketMode else { return 0 }
  let sk = socket.Probed(opened.private_data).sk
  guard !sk.isNull else { return 0 }
  let key = UInt64(UInt(bitPattern: sk.pointer))
  guard isTCP(sk) else {
    if isUDP(sk) { datagrams[key] = owner(sk, task, isAccepted) }
    return 0
  }
  let state = TCPState(rawValue: Int32(sk.__sk_common.skc_state))
  guard state != .closed && state != .listening else { return 0 }
  connections.set(owner(sk, task, state == .synSent ? 0 : isAccepted), for: key, if: .absent)
  return 0
}

@inline(__always)
func owner(_ sk: sock.Probed, _ task: task_struct, _ flags: UInt32) -> Connection {
  Connection(
    start: task.group_leader.start_boottime, began: 0, ended: 0,
    socket: UInt64(bitPattern: sk.__sk_common.skc_cookie.counter), pid: UInt32(truncatingIfNeeded: task.tgid),
    thread: UInt32(truncatingIfNeeded: task.pid), flags: flags, isPadding: 0)
}

/// S_IFMT, S_IFSOCK
let isSocketBits: UInt16 = 0xf000
let isSocketMode: UInt16 = 0xc000

// MARK: System calls

/// The socket behind a descriptor of the running process.
@inline(__always)
func findSocket(_ descriptor: UInt32) -> sock.Probed? {
  let table = task_struct.Probed.current.files.fdt
  guard descriptor < table.max_fds else { return nil }
  let opened = table.fd[Int(descriptor)]
  guard !opened.isNull, opened.f_inode.i_mode & isSocketBits == isSocketMode else { return nil }
  let sk = socket.Probed(opened.private_data).sk
  return sk.isNull ? nil : sk
}

@inline(__always)
func isTCP(_ sk: sock.Probed) -> Bool {
  let family = sk.__sk_common.skc_family
  return (family == ipv4 || family == ipv6) && UInt32(sk.sk_protocol) == tcp
}

@inline(__always)
func isUDP(_ sk: sock.Probed) -> Bool {
  let family = sk.__sk_common.skc_family
  return (family == ipv4 || family == ipv6) && UInt32(sk.sk_protocol) == udp
}

/// The running process gave a UDP socket an address.
@inline(__always)
func remember(_ sk: sock.Probed) {
  if isUDP(sk) {
    datagrams[UInt64(UInt(bitPattern: sk.pointer))] = now(0, UInt64(bitPattern: sk.__sk_common.skc_cookie.counter))
  }
}

@inline(__always)
func enter(_ call: SystemCallEntry) -> Int32 {
  calls[CurrentThread.processAndThreadID] = Call(
    address: call.argument(1), time: Clock.boot, listener: 0,
    descriptor: UInt32(truncatingIfNeeded: call.argument(0)), length: UInt32(truncatingIfNeeded: call.argument(2)),
    hasBegun: 0, hasFailed: 0)
  return 0
}

@section("tracepoint/syscalls/sys_enter_connect")
func onConnect(_ call: SystemCallEntry) -> Int32 { enter(call) }

@section("tracepoint/syscalls/sys_exit_connect")
func afterConnect(_ exit: SystemCallExit) -> Int32 {
  let thread = CurrentThread.processAndThreadID
  guard let call = calls[thread] else { return 0 }
  calls.delete(thread)
  if watchesUnix != 0, let sk = findSocket(call.descriptor), sk.__sk_common.skc_family == 1 {
    tellOfUnix(sk, call, exit.result)
    return 0
  }
  if exit.result == 0 {
    if let sk = findSocket(call.descriptor) { remember(sk) }
    return 0
  }
  // The state reports what has begun; EINTR, EALREADY, EISCONN and EINPROGRESS are not outcomes.
  let error = UInt32(truncatingIfNeeded: 0 &- exit.result)
  guard exit.result < 0, call.hasBegun == 0 || call.hasFailed != 0, error != 4, error != 106, error < 114 || error > 115
  else { return 0 }
  guard let sk = findSocket(call.descriptor), isTCP(sk) else { return 0 }
  var who = now(0, UInt64(bitPattern: sk.__sk_common.skc_cookie.counter))
  who.began = call.time
  tellOfUserAddress(SocketRecordKind.connect, sk, who, call, error)
  return 0
}

/// A connect to a unix socket: the name is that of the socket which was reached, or if none was, what the caller said.
@inline(__always)
func tellOfUnix(_ sk: sock.Probed, _ call: Call, _ result: Int64) {
  guard tells != 0, let counts = counters.pointer(to: CountedClass.network) else { return }
  let who = now(0, UInt64(bitPattern: sk.__sk_common.skc_cookie.counter))
  let sequence = counts.pointee.sequence &+ 1
  counts.pointee.sequence = sequence
  let isSent = named.build { bytes in
    bytes.append(SocketRecord.self) { record in
      head(&record, SocketRecordKind.unixConnect, sk, who, who.began, sequence)
      record.source = .any
      record.destination = .any
      record.sourcePort = 0
      record.destinationPort = 0
      record.transport = 0
      record.error = result < 0 ? UInt32(truncatingIfNeeded: 0 &- result) : 0
      record.began = call.time
    }
    var flags: UInt32 = 0
    let peer = unix_sock.Probed(raw: unix_sock.Probed(raw: sk.raw).peer.raw)
    let address = peer.addr
    if result == 0 && !peer.isNull && !address.isNull {
      if !peer.path.dentry.isNull {
        flags = SocketFlags.isPackedPath
        if !bytes.appendPath(peer.path, isTrusted: false) { flags |= RecordFlags.pathIsCut }
      } else {
        // Behind the family: of an abstract name, a zero byte and the name.
        bytes.appendKernel(count: address.len &- 2, from: address.pointer + (unix_address.offset.name &+ 2))
      }
    } else {
      flags = SocketFlags.isUserAddress
      bytes.appendUser(count: call.length &- 2, from: UnsafeRawPointer(bitPattern: UInt(call.address &+ 2)))
    }
    bytes.withValue(SocketRecord.self) { $0.header.flags = flags }
    return events.send(bytes)
  }
  if isSent == true { atomicAdd(1, to: &counts.pointee.recorded) } else { atomicAdd(1, to: &counts.pointee.lost) }
}

/// What every record has, but for addresses.
@inline(__always)
func head(
  _ record: inout SocketRecord, _ kind: UInt16, _ sk: sock.Probed, _ who: Connection, _ time: UInt64,
  _ sequence: UInt64
) {
  record.header.time = time
  record.header.start = who.start
  record.header.sequence = sequence
  record.header.pid = who.pid
  record.header.thread = who.thread
  record.header.kind = kind
  record.header.processor = UInt16(truncatingIfNeeded: currentProcessor)
  record.header.flags = 0
  record.socket = who.socket
  record.began = who.began
  record.networkNamespace = sk.__sk_common.skc_net.net.ns.inum
  record.bytesSent = 0
  record.bytesReceived = 0
  record.packetsSent = 0
  record.packetsReceived = 0
  record.retransmits = 0
  record.roundTrip = 0
  record.backlog = 0
  record.isPadding = 0
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
    let given = address.family == ipv4 ? mapped(address.ipv4) : address.ipv6
    let port = address.port.byteSwapped
    record.header.flags = SocketFlags.isUserAddress
    if kind == SocketRecordKind.connect {
      record.destination = given
      record.destinationPort = port
    } else {
      record.source = given
      record.sourcePort = port
    }
  }
}

/// A sockaddr_in or sockaddr_in6.
struct UserAddress {
  var family: UInt16 = 0
  var port: UInt16 = 0
  /// Of IPv6: the flow.
  var ipv4: UInt32 = 0
  var ipv6 = IPv6Address.any
  var scope: UInt32 = 0
}

@section("tracepoint/syscalls/sys_exit_accept")
func afterAccept(_ exit: SystemCallExit) -> Int32 { accepted(exit.result) }

@section("tracepoint/syscalls/sys_exit_accept4")
func afterAccept4(_ exit: SystemCallExit) -> Int32 { accepted(exit.result) }

@inline(__always)
func accepted(_ result: Int64) -> Int32 {
  guard result >= 0, let sk = findSocket(UInt32(truncatingIfNeeded: result)), isTCP(sk) else { return 0 }
  let key = UInt64(UInt(bitPattern: sk.pointer))
  if let connection = connections.pointer(to: key) {
    // Else another thread was quicker, and took the descriptor.
    if connection.pointee.flags & (isPassive | isAccepted) == isPassive { accept(connection, sk, key) }
    return 0
  }
  // It was established before the sensors, or there was no room for it, or its last packet is just being taken.
  let who = now(isPassive | isAccepted, UInt64(bitPattern: sk.__sk_common.skc_cookie.counter))
  connections[key] = who
  send(SocketRecordKind.accept, sk, by: who, at: who.began)
  if TCPState(rawValue: Int32(sk.__sk_common.skc_state)) == .closed, connections.delete(key) {
    send(SocketRecordKind.close, sk, by: who, at: Clock.boot)
  }
  return 0
}

@section("tracepoint/syscalls/sys_exit_listen")
func afterListen(_ exit: SystemCallExit) -> Int32 {
  let thread = CurrentThread.processAndThreadID
  guard let call = calls[thread], call.listener != 0 else { return 0 }
  calls.delete(thread)
  let sk = sock.Probed(raw: OpaquePointer(bitPattern: UInt(call.listener)).unsafelyUnwrapped)
  var who = now(0, UInt64(bitPattern: sk.__sk_common.skc_cookie.counter))
  who.began = call.time
  send(SocketRecordKind.listen, sk, by: who, at: call.time, error: UInt32(truncatingIfNeeded: 0 &- exit.result))
  return 0
}

@section("tracepoint/syscalls/sys_enter_bind")
func onBind(_ call: SystemCallEntry) -> Int32 { enter(call) }

@section("tracepoint/syscalls/sys_exit_bind")
func afterBind(_ exit: SystemCallExit) -> Int32 {
  let thread = CurrentThread.processAndThreadID
  guard let call = calls[thread] else { return 0 }
  calls.delete(thread)
  guard let sk = findSocket(call.descriptor) else { return 0 }
  let family = sk.__sk_common.skc_family
  guard family == ipv4 || family == ipv6 else { return 0 }
  let who = now(0, UInt64(bitPattern: sk.__sk_common.skc_cookie.counter))
  if exit.result < 0 {
    tellOfUserAddress(SocketRecordKind.bind, sk, who, call, UInt32(truncatingIfNeeded: 0 &- exit.result))
  } else {
    send(SocketRecordKind.bind, sk, by: who, at: who.began)
    remember(sk)
  }
  return 0
}
