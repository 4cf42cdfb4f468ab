// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var n: UInt64 = 0
var comm = InlineArray<16, UInt8>(repeating: 0)
@section("tp_btf/sched_process_exec")
func onArrays(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  let task = context.p
  n = task.signal.rlim[7].rlim_cur
  n &+= UInt64(task.comm[2])
  n &+= UInt64(task.probed.comm[Int(n & 7)])
  n &+= UInt64(task.files.fdt.fd[1].f_mode)
  comm = task.comm.value
  n &+= task.probed.signal.rlim[Int(n & 3)].rlim_max
  return 0
}
