// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var a: UInt32 = 0
var b: UInt32 = 0
var c: UInt8 = 0
@section("tp_btf/sched_process_exec")
func onBits(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  a = context.p.sched_reset_on_fork
  b = context.p.probed.in_execve
  c = context.bprm.probed.secureexec == 1 ? 1 : 0
  return 0
}
