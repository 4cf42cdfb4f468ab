// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Counts acts where they are done, by class and CPU, and nothing else: no ring, no filter, no table. What the sensors recorded,
// filtered and lost has to be as many. As the sensors see them without fexit: where system calls end.
import BPFKernel

let license = License.dualBSDGPL

struct Done {
  var process: UInt64
  var file: UInt64
}
var done = PerCPUArray<Done>(maxEntries: 1)
/// What the end of a system call means, by its number: `Meaning`.
var meanings = ArrayMap<UInt32>(maxEntries: 512)
/// Processes of several threads whose end was counted.
var ended = LRUHashMap<UInt64, UInt8>(maxEntries: 1024)

enum Meaning {
  static var open: UInt32 { 1 }
  static var descriptor: UInt32 { 2 }
  static var map: UInt32 { 3 }
  static var name: UInt32 { 4 }
  static var rights: UInt32 { 5 }
  static var trace: UInt32 { 6 }
  static var memory: UInt32 { 7 }
}

@inline(__always)
func addProcess() {
  if let done = done.pointer(to: 0) { atomicAdd(1, to: &done.pointee.process) }
}

@section("tp_btf/sched_process_fork")
func onFork(_ context: BTFTracepoint.sched_process_fork) -> Int32 {
  if context.child.pid == context.child.tgid { addProcess() }
  return 0
}

@section("tp_btf/sched_process_exec")
func onExec(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  addProcess()
  return 0
}

@section("tp_btf/sched_process_exit")
func onExit(_ context: BTFTracepoint.sched_process_exit) -> Int32 {
  let task = context.p
  // The last thread; two that end at once both see no other, and are one end.
  guard task.signal.live.counter == 0 else { return 0 }
  let leader = task.group_leader.start_boottime ^ UInt64(UInt32(truncatingIfNeeded: task.tgid)) << 32
  if task.signal.nr_threads > 1 {
    guard ended.set(1, for: leader, if: .absent) else { return 0 }
  } else if ended.pointer(to: leader) != nil {
    return 0
  }
  addProcess()
  return 0
}

@section("tp_btf/signal_generate")
func onSignal(_ context: BTFTracepoint.signal_generate) -> Int32 {
  // By a system call (0: kill(2); or a structure that says SI_USER, SI_QUEUE, SI_TKILL), to another process.
  let info = UInt(context.word(1))
  if info == 1 || UInt32(truncatingIfNeeded: context.task.tgid) == CurrentThread.processID { return 0 }
  if info > 1 {
    let code = kernel_siginfo.Probed(UnsafeRawPointer(bitPattern: info).unsafelyUnwrapped).si_code
    if code != 0 && code != -1 && code != -6 { return 0 }
  }
  addProcess()
  return 0
}

@section("raw_tp/sys_exit")
func onCall(_ context: RawTracepoint) -> Int32 {
  let registers = SavedRegisters(raw: context.pointer(0))
  guard let index = bounded(UInt32(truncatingIfNeeded: registers.systemCallNumber), below: 512),
    let meaning = meanings[index], meaning != 0
  else { return 0 }
  let result = Int64(bitPattern: context.word(1))
  switch meaning {
  case Meaning.open:
    if result >= 0 {
      let opened = task_struct.Probed.current.files.fdt.fd[Int(result & 0xff_ffff)]
      if opened.f_mode & 0x4000 != 0 { return 0 }  // FMODE_PATH
    }
  case Meaning.descriptor:
    if result == -9 { return 0 }  // EBADF
  case Meaning.map:
    // PROT_EXEC, not MAP_ANONYMOUS, and it succeeded.
    if registers.systemCallArgument(2) & 4 == 0 || registers.systemCallArgument(3) & 0x20 != 0 { return 0 }
    if result < 0 && result > -4096 { return 0 }
  case Meaning.rights:
    if result == 0 { addProcess() }
    return 0
  case Meaning.trace:
    // PTRACE_ATTACH, PTRACE_SEIZE
    let request = registers.systemCallArgument(0)
    if request == 16 || request == 0x4206 { addProcess() }
    return 0
  case Meaning.memory:
    addProcess()
    return 0
  default: break
  }
  if let done = done.pointer(to: 0) { atomicAdd(1, to: &done.pointee.file) }
  return 0
}
