// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
// swift-format-ignore: TypeNamesShouldBeCapitalized
protocol task_struct___old {
  var state: Int64 { get }
  var nonesuch: task_struct { get }
}
// swift-format-ignore: TypeNamesShouldBeCapitalized
protocol gone___ever { var name: KernelArray<16, UInt8> { get } }
var n: UInt64 = 0
@section("tp_btf/sched_process_exec")
func onFlavor(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  let task = context.p
  n = task_struct.exists.state ? UInt64(truncatingIfNeeded: task.state) : UInt64(task.__state)
  if task_struct.exists.nonesuch { n &+= UInt64(truncatingIfNeeded: task.nonesuch.pid) }
  if gone.isPresent { n &+= 100 }
  let again = task_struct.cast(task.probed.real_parent.pointer)
  n &+= UInt64(truncatingIfNeeded: again.tgid)
  return 0
}
