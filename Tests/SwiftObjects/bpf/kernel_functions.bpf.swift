// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var n: Int32 = 0
@section("tp_btf/sched_process_exec")
func onKfunc(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  if KernelFunction.exists.bpf_task_from_pid {
    let task = bpf_task_from_pid(context.p.pid)
    if !task.isNull {
      n = task.tgid
      bpf_task_release(task)
    }
  }
  return 0
}
