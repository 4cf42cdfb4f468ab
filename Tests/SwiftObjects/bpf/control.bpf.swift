// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl

struct Account {
  var lock: SpinLock
  var packets: UInt32
  var bytes: UInt64
}

var accounts = HashMap<UInt32, Account>(maxEntries: 128)
var records = RingBuffer<UInt64>(bytes: 4096)
var programs = ProgramArray(maxEntries: 4)
var sum: UInt64 = 0

@section("xdp")
func iterate(_ context: XDPContext) -> XDPAction {
  var total: UInt64 = 0
  forEach(from: 0, to: Int32(truncatingIfNeeded: context.length & 0xfff)) { number in
    total &+= UInt64(number)
    return total < 10_000
  }
  sum = total
  return .pass
}

@section("xdp")
func bounded(_ context: XDPContext) -> XDPAction {
  var hash: UInt64 = 0
  for round in 0..<100 { hash = hash &* 31 &+ UInt64(context.length) &+ UInt64(round) }
  sum = hash
  return .pass
}

@section("tc")
func account(_ context: SocketBuffer) -> TrafficAction {
  accounts.withValue(1) { account in
    account.lock.lock()
    account.packets &+= 1
    account.bytes &+= UInt64(context.length)
    account.lock.unlock()
  }
  return .pass
}

@section("xdp")
func record(_ context: XDPContext) -> XDPAction {
  let sent = withRecord(of: 8 &+ (context.length & 0xff), in: records.address) { record in
    record.store(UInt64(0x1234), at: 0)
    return context.length > 20
  }
  return sent ? .pass : .drop
}

@section("xdp")
func follow(_ context: XDPContext) -> XDPAction {
  programs.tailCall(1, context)
  return .drop
}

@section("tp_btf/sched_process_fork")
func kernelFunctions(_ context: FunctionArguments) -> Int32 {
  kfunc_bpf_rcu_read_lock()
  if let task = kfunc_bpf_task_from_pid(1) {
    sum &+= 1
    kfunc_bpf_task_release(task)
  }
  kfunc_bpf_rcu_read_unlock()
  if kfunc_has_bpf_strlen() { sum &+= 2 }
  return 0
}
