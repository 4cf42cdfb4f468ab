// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var n: UInt64 = 0
@section("tp_btf/sched_process_exec")
func onAll(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  if task_struct.exists.comm { n &+= 1 }
  n &+= UInt64(task_struct.offset.tgid)
  n &+= UInt64(task_struct.fieldSize.comm)
  if task_struct.isSigned.tgid { n &+= 2 }
  n &+= UInt64(task_struct.leftShift.in_execve) &+ UInt64(task_struct.rightShift.in_execve)
  if task_struct.isPresent { n &+= 3 }
  n &+= UInt64(task_struct.size)
  if task_struct.matches { n &+= 4 }
  n &+= task_struct.localID &+ task_struct.kernelID
  n &+= UInt64(bpf_func_id.value.BPF_FUNC_loop)
  if bpf_func_id.exists.BPF_FUNC_none { n &+= 5 }
  if bpf_func_id.isPresent { n &+= 6 }
  return 0
}
