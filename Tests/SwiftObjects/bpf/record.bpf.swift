// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var pid: Int32 = 0
var parent: Int32 = 0
var length: Int = 0
var name = FixedString<16>()
@section("tracepoint/sched/sched_process_exec")
func onExecRecord(_ context: Tracepoint.sched_process_exec) -> Int32 {
  pid = context.pid
  parent = task_struct.Probed.current.real_parent.tgid
  let text = context.filename
  length = text.count
  name.readKernel(from: text)
  return 0
}
