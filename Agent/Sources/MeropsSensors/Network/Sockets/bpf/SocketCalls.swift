// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// System calls: whoever accepts, and what connect, bind and listen come to where the socket's state does not show it.
import BPFKernel

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

  @inline(__always)
  init(listener: UInt64 = 0, descriptor: UInt64 = 0, address: UInt64 = 0, length: UInt64 = 0, time: UInt64) {
    self.listener = listener
    self.descriptor = UInt32(truncatingIfNeeded: descriptor)
    self.address = address
    self.length = UInt32(truncatingIfNeeded: length)
    self.time = time
    hasBegun = 0
    hasFailed = 0
  }
}

@inline(__always)
func enter(_ call: SystemCallEntry) -> Int32 {
  calls[CurrentThread.processAndThreadID] = Call(
    descriptor: call.argument(0), address: call.argument(1), length: call.argument(2), time: Clock.boot)
  return 0
}

/// What the running thread entered with, once.
@inline(__always)
func leave() -> Call? {
  let thread = CurrentThread.processAndThreadID
  guard let call = calls[thread] else { return nil }
  calls.delete(thread)
  return call
}

/// The errno of a result; 0 if the call succeeded.
@inline(__always)
func error(_ result: Int64) -> UInt32 { result < 0 ? UInt32(truncatingIfNeeded: 0 &- result) : 0 }

/// The running process gave a UDP socket an address.
@inline(__always)
func remember(_ sk: sock.Probed) {
  if isUDP(sk) { datagrams[key(sk)] = caller(of: cookie(sk)) }
}

@section("tracepoint/syscalls/sys_enter_connect")
func onConnect(_ call: SystemCallEntry) -> Int32 { enter(call) }

@section("tracepoint/syscalls/sys_exit_connect")
func afterConnect(_ exit: SystemCallExit) -> Int32 {
  guard let call = leave(), let sk = findSocket(call.descriptor) else { return 0 }
  let error = error(exit.result)
  if watchesUnix != 0, sk.__sk_common.skc_family == unix {
    tellOfUnix(sk, call, error)
    return 0
  }
  if error == 0 {
    remember(sk)
    return 0
  }
  // The state reports what has begun; EINTR, EALREADY, EISCONN and EINPROGRESS are not outcomes.
  guard call.hasBegun == 0 || call.hasFailed != 0, error != 4, error != 106, error < 114 || error > 115, isTCP(sk)
  else { return 0 }
  var who = caller(of: cookie(sk))
  who.began = call.time
  tellOfUserAddress(SocketRecordKind.connect, sk, who, call, error)
  return 0
}

@section("tracepoint/syscalls/sys_exit_accept")
func afterAccept(_ exit: SystemCallExit) -> Int32 { accepted(exit.result) }

@section("tracepoint/syscalls/sys_exit_accept4")
func afterAccept4(_ exit: SystemCallExit) -> Int32 { accepted(exit.result) }

@inline(__always)
func accepted(_ result: Int64) -> Int32 {
  guard result >= 0, let sk = findSocket(UInt32(truncatingIfNeeded: result)), isTCP(sk) else { return 0 }
  let key = key(sk)
  if let connection = connections.pointer(to: key) {
    // Else another thread was quicker, and took the descriptor.
    if connection.pointee.flags & (isPassive | isAccepted) == isPassive { accept(connection, sk, key) }
    return 0
  }
  // It was established before the sensors, or there was no room for it, or its last packet is just being taken.
  let who = caller(of: cookie(sk), flags: isPassive | isAccepted)
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
  var who = caller(of: cookie(sk))
  who.began = call.time
  send(SocketRecordKind.listen, sk, by: who, at: call.time, error: error(exit.result))
  return 0
}

@section("tracepoint/syscalls/sys_enter_bind")
func onBind(_ call: SystemCallEntry) -> Int32 { enter(call) }

@section("tracepoint/syscalls/sys_exit_bind")
func afterBind(_ exit: SystemCallExit) -> Int32 {
  guard let call = leave(), let sk = findSocket(call.descriptor), isInternet(sk) else { return 0 }
  let who = caller(of: cookie(sk))
  let error = error(exit.result)
  if error != 0 {
    tellOfUserAddress(SocketRecordKind.bind, sk, who, call, error)
  } else {
    send(SocketRecordKind.bind, sk, by: who, at: who.began)
    remember(sk)
  }
  return 0
}
