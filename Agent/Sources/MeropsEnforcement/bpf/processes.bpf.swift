// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Which program each process runs: what rules about programs compare. The form of a value is `ProcessLayout` of MeropsPolicy.
import BPFKernel

let license = License.dualBSDGPL

var processes = KeptBytes<UInt32, 248>(maxEntries: 65536)
var bytes = ByteBuilder<248>()
/// Processes that there was no room for.
var unknownProcesses: UInt64 = 0

/// What is in front of the path.
struct ProgramFacts {
  var inode: UInt64
  var device: UInt32
  /// 1: the path is cut.
  var flags: UInt32
}

struct EmptyProgram {
  var facts: ProgramFacts
  var path: FixedString<232>
}

@inline(__always)
func keep(_ task: task_struct, if mode: UpdateMode) {
  let key = UInt32(truncatingIfNeeded: task.tgid)
  let isKept = bytes.build { bytes in
    // Zeroes behind the path, of whatever was here before: a path is looked up with them.
    bytes.append(EmptyProgram.self) { program in
      program.facts = ProgramFacts(inode: 0, device: 0, flags: 0)
      program.path = FixedString()
    }
    bytes.truncate(to: UInt64(MemoryLayout<ProgramFacts>.size))
    let memory = task.mm
    // A kernel thread has no program: an empty path, which is not cut.
    if !memory.isNull {
      let program = memory.exe_file
      if !program.isNull {
        let inode = program.f_inode
        let isWhole = bytes.appendPath(of: program)
        bytes.withValue(ProgramFacts.self) { facts in
          facts.inode = inode.i_ino
          facts.device = inode.i_sb.s_dev
          facts.flags = isWhole ? 0 : 1
        }
      }
    }
    return processes.keep(bytes, for: key, if: mode)
  }
  if isKept != true, mode.rawValue == UpdateMode.any.rawValue { atomicAdd(1, to: &unknownProcesses) }
}

@section("tp_btf/sched_process_fork")
func onFork(_ context: BTFTracepoint.sched_process_fork) -> Int32 {
  let child = context.child
  if child.pid == child.tgid { keep(child, if: .any) }
  return 0
}

@section("tp_btf/sched_process_exec")
func onExec(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  keep(context.p, if: .any)
  return 0
}

@section("tp_btf/sched_process_exit")
func onExit(_ context: BTFTracepoint.sched_process_exit) -> Int32 {
  let task = context.p
  if task.signal.live.counter == 0 { processes.forget(UInt32(truncatingIfNeeded: task.tgid)) }
  return 0
}

/// Those that were there before. What a fork or an exec has said meanwhile is newer.
@section("iter/task")
func onTask(_ item: IteratorItem) -> IteratorVerdict {
  guard let raw = item.item else { return .next }
  let task = task_struct(raw: raw)
  if task.pid == task.tgid { keep(task, if: .absent) }
  return .next
}
