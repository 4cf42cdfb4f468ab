// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Processes that are there already. An object of its own, so that the kernel verifies it beside the others.
import BPFKernel

let license = License.dualBSDGPL

var counters = PerCPUArray<ClassCounts>(maxEntries: 8)
var events = RingBuffer<EventHeader>(bytes: 1 << 23)
var bytes = ByteBuilder<12288>()

@section("iter/task")
func onTask(_ item: IteratorItem) -> IteratorVerdict {
  guard let raw = item.item else { return .next }
  let task = task_struct(raw: raw)
  guard task.pid == task.tgid, let counts = counters.pointer(to: CountedClass.process) else { return .next }
  noteProgram(task)
  bytes.build { bytes in
    bytes.append(ProcessRecord.self) { describe(&$0, task, RecordKind.snapshot, counts) }
    appendPlaces(bytes, task)
    item.write(bytes)
  }
  return .next
}
