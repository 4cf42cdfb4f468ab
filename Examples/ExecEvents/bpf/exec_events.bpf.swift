// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Counts execve calls by process, and sends each one to user space as it happens: Swift on both sides.
//
// At the entry of a system call its strings are still user memory: another thread may change them after they are read
// here, and a page that is not in memory cannot be read at all.
import BPFKernel

let license = License.dualBSDGPL

struct ExecEvent {
  /// Nanoseconds since boot, without sleep.
  var time: UInt64
  var pid: UInt32
  var parent: Int32
  var user: UInt32
  var isUnreadable: Bool
  /// The caller's name, before it becomes another program.
  var command: FixedString<16>
  var file: FixedString<256>
}

var execCounts = HashMap<UInt32, UInt64>(maxEntries: 10240)
var execEvents = RingBuffer<ExecEvent>(bytes: 1 << 20)
/// The ring was full.
var lostEvents: UInt64 = 0
/// The table of counts was full.
var lostCounts: UInt64 = 0

func record(_ file: UnsafeRawPointer?) -> Int32 {
  let pid = CurrentThread.processID
  if !execCounts.add(1, to: pid) { atomicAdd(1, to: &lostCounts) }
  let isSent = execEvents.send { event in
    event.time = Clock.monotonic
    event.pid = pid
    event.parent = task_struct.Probed.current.real_parent.tgid
    event.user = CurrentThread.userID
    event.command.readCommand()
    event.isUnreadable = !event.file.readUser(from: file).succeeded
  }
  if !isSent { atomicAdd(1, to: &lostEvents) }
  return 0
}

@section("tracepoint/syscalls/sys_enter_execve")
func onExecve(_ call: SystemCallEntry) -> Int32 { record(call.pointerArgument(0)) }

@section("tracepoint/syscalls/sys_enter_execveat")
func onExecveat(_ call: SystemCallEntry) -> Int32 { record(call.pointerArgument(1)) }
