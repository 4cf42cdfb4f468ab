// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var tasks = TaskStorage<UInt64>()

@section("tp_btf/sched_process_exec")
func executed(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  if let count = tasks.value(of: context.p) { count.pointee += 1 }
  if let count = tasks.value(of: CurrentThread.task) { count.pointee += 1 }
  return 0
}
