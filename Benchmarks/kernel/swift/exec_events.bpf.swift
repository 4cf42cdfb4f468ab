// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A record for each program that is executed.
import BPFKernel

let license = License.gpl

struct ExecEvent {
  var time: UInt64
  var process: UInt32
  var parent: UInt32
  var user: UInt32
  var arguments: UInt32
  var command: FixedString<16>
  var path: FixedString<128>
}

var events = RingBuffer<ExecEvent>(bytes: 1 << 20)
var lost: UInt64 = 0

@section("tp_btf/sched_process_exec")
func onExec(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  let isSent = events.send { event in
    event.time = Clock.monotonic
    event.process = UInt32(context.p.tgid)
    event.parent = UInt32(context.p.real_parent.tgid)
    event.user = CurrentThread.userID
    event.arguments = UInt32(context.bprm.argc)
    event.command.readCommand()
    event.path.readKernel(from: context.bprm.filename)
  }
  if !isSent { atomicAdd(1, to: &lost) }
  return 0
}
