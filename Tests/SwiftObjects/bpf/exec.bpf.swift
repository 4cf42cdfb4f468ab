// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var process: Int32 = 0
var parent: Int32 = 0
var parentProbed: Int32 = 0
var current: Int32 = 0
var name = InlineArray<16, UInt8>(repeating: 0)
var text = FixedString<16>()
/// The process that user space waits for.
@section(".rodata") var wanted: Int32 = 0

@section("tp_btf/sched_process_exec")
func onExec(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  let task = context.p
  // Other tests start programs, too: but none that is called nl.
  if task.real_parent.tgid != wanted || task.comm[0] != 0x6e || task.comm[1] != 0x6c { return 0 }
  process = task.tgid
  parent = task.real_parent.tgid
  parentProbed = task.probed.real_parent.tgid
  current = task_struct.current.tgid
  task.comm.read(into: &name)
  text.readKernel(from: task.comm)
  return 0
}
