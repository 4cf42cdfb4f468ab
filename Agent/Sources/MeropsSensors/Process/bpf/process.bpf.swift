// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Processes that start others, become other programs, and end; and those that are there already.
import BPFKernel

let license = License.dualBSDGPL

var events = RingBuffer<EventHeader>(bytes: 1 << 23)
var counters = PerCPUArray<ClassCounts>(maxEntries: 8)
var bytes = ByteBuilder<12288>()
/// Processes whose end was sent: two threads that end at once both see that they are the last.
var ended = LRUHashMap<ProcessName, UInt8>(maxEntries: 1024)

struct ProcessName {
  var start: UInt64
  var pid: UInt64
}

/// Whether the environment is sent, too.
@section(".rodata") var withEnvironment: UInt32 = 0

/// The most bytes of arguments that are sent.
let argumentLimit: UInt64 = 16384
/// The most bytes of the environment that are sent.
let environmentLimit: UInt64 = 12000

extension EventHeader {
  @inline(__always)
  mutating func set(
    _ kind: UInt16, of task: task_struct, flags: UInt32 = 0, _ counts: UnsafeMutablePointer<ClassCounts>
  ) {
    set(
      kind, start: task.group_leader.start_boottime, pid: UInt32(truncatingIfNeeded: task.tgid),
      thread: UInt32(truncatingIfNeeded: task.pid), flags: flags, sequence: counts.pointee.sequence)
  }
}

/// Counts what a process does to itself. User space has to know of it also where it is left out.
@inline(__always)
func count(_ task: task_struct, _ send: (_ flags: UInt32, UnsafeMutablePointer<ClassCounts>) -> Bool) {
  counters.count(CountedClass.process) { counts in
    let isFiltered =
      isLeftOut(task.probed, UInt32(truncatingIfNeeded: task.tgid)) || counts.isOverLimit(CountedClass.process)
    let isSent = send(isFiltered ? RecordFlags.isLeftOut : 0, counts)
    return isFiltered ? nil : isSent
  }
}

/// A process begins to run a program, or runs it already: whether it is one of those that are left out is kept by its number.
@inline(__always)
func noteProgram(_ task: task_struct) {
  let memory = task.mm
  if filter.value.byProgram == 0 || memory.isNull { return }
  let pid = UInt32(truncatingIfNeeded: task.tgid)
  let program = memory.exe_file.probed.f_inode
  if leftOutPrograms.pointer(to: FileIdentity(inode: program.i_ino, device: UInt64(program.i_sb.s_dev))) != nil {
    leftOutProcesses.set(LeftOut.byProgram, for: pid, if: .absent)
  } else {
    forgetProgram(pid)
  }
}

@inline(__always)
func forgetProgram(_ pid: UInt32) {
  if leftOutProcesses[pid] == LeftOut.byProgram { leftOutProcesses.delete(pid) }
}

@inline(__always)
func describe(
  _ record: inout ProcessRecord, _ task: task_struct, _ kind: UInt16, flags: UInt32 = 0,
  _ counts: UnsafeMutablePointer<ClassCounts>
) {
  record.header.set(kind, of: task, flags: flags, counts)
  let parent = task.real_parent
  record.parentStart = parent.group_leader.start_boottime
  record.parent = UInt32(truncatingIfNeeded: parent.tgid)
  record.creatorStart = 0
  record.creator = 0
  record.cgroup = task.cgroups.dfl_cgrp.kn.id
  let pid = task.probed.thread_pid
  let number = pid.numbers[Int(pid.level)]
  record.namespacedPID = UInt32(truncatingIfNeeded: number.nr)
  record.pidNamespace = number.ns.ns.inum
  let namespaces = task.nsproxy
  record.mountNamespace = namespaces.mnt_ns.ns.inum
  record.networkNamespace = namespaces.net_ns.ns.inum
  let credentials = task.cred
  record.user = credentials.euid.val
  record.group = credentials.egid.val
  record.realUser = credentials.uid.val
  record.realGroup = credentials.gid.val
  record.savedUser = credentials.suid.val
  record.userNamespace = credentials.user_ns.ns.inum
  record.capabilities = readKernel(at: credentials.pointer + cred.offset.cap_effective) ?? 0
  record.loginUser = task_struct.exists.loginuid ? task.loginuid.val : .max
  record.session = task_struct.exists.sessionid ? task.sessionid : .max
  record.inode = 0
  record.device = 0
  record.links = 0
  record.mountFlags = 0
  record.pathBytes = 0
  record.directoryBytes = 0
  record.argumentBytes = 0
  task.comm.read(into: &record.command)
  record.terminal = FixedString()
  let terminal = task.signal.tty
  if !terminal.isNull { terminal.name.read(into: &record.terminal) }
}

/// The program and the working directory, behind the record.
@inline(__always)
func appendPlaces(_ bytes: ByteBuilder<12288>.Bytes, _ task: task_struct) {
  let memory = task.mm
  var flags: UInt32 = 0
  let start = UInt64(MemoryLayout<ProcessRecord>.size)
  if memory.isNull {
    flags = RecordFlags.isKernelThread
  } else {
    let program = memory.exe_file
    if !program.isNull {
      let inode = program.f_inode
      let mount = program.f_path.mnt
      bytes.withValue(ProcessRecord.self) { record in
        record.inode = inode.i_ino
        record.device = inode.i_sb.s_dev
        record.links = inode.i_nlink
        record.mountFlags = UInt32(truncatingIfNeeded: mount.mnt_flags)
      }
      if isUpper(program.probed.f_inode) { flags = RecordFlags.isUpper }
      if !bytes.appendPath(of: program) { flags |= RecordFlags.pathIsCut }
    }
  }
  let pathEnd = bytes.count
  if !memory.isNull {
    if !bytes.appendPath(task.fs.pwd) { flags |= RecordFlags.directoryIsCut }
  }
  let end = bytes.count
  bytes.withValue(ProcessRecord.self) { record in
    record.header.flags |= flags
    record.pathBytes = UInt32(truncatingIfNeeded: pathEnd &- start)
    record.directoryBytes = UInt32(truncatingIfNeeded: end &- pathEnd)
  }
}

@section("tp_btf/sched_process_fork")
func onFork(_ context: BTFTracepoint.sched_process_fork) -> Int32 {
  let child = context.child
  guard child.pid == child.tgid else { return 0 }
  if filter.value.byProgram != 0,
    leftOutProcesses[UInt32(truncatingIfNeeded: context.parent.tgid)] == LeftOut.byProgram
  {
    leftOutProcesses.set(LeftOut.byProgram, for: UInt32(truncatingIfNeeded: child.tgid), if: .absent)
  }
  count(child) { flags, counts in
    bytes.build { bytes in
      bytes.append(ProcessRecord.self) { record in
        describe(&record, child, RecordKind.fork, flags: flags, counts)
        let creator = context.parent
        record.creatorStart = creator.group_leader.start_boottime
        record.creator = UInt32(truncatingIfNeeded: creator.tgid)
      }
      return events.send(bytes)
    } ?? false
  }
  return 0
}

@section("tp_btf/sched_process_exec")
func onExec(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  let task = context.p
  noteProgram(task)
  count(task) { flags, counts in
    bytes.build { bytes in
      bytes.append(ProcessRecord.self) { describe(&$0, task, RecordKind.exec, flags: flags, counts) }
      appendPlaces(bytes, task)
      let memory = task.mm
      let start = memory.arg_start
      let total = memory.arg_end &- start
      let wanted = total < argumentLimit ? total : argumentLimit
      let before = bytes.count
      let room = 12288 &- before
      let first = wanted < room ? wanted : room
      var isWhole = bytes.appendUser(count: first, from: UnsafeRawPointer(bitPattern: UInt(start)))
      let taken = bytes.count &- before
      let rest = isWhole ? wanted &- taken : 0
      bytes.withValue(ProcessRecord.self) { record in
        record.argumentBytes = UInt32(truncatingIfNeeded: taken)
        if total > argumentLimit || !isWhole { record.header.flags |= RecordFlags.argumentsAreCut }
        if rest > 0 || withEnvironment != 0 { record.header.flags |= RecordFlags.hasMore }
      }
      guard events.send(bytes) else { return false }
      var at = start &+ taken
      let end = at &+ rest
      // What is in the builder takes 8,192 bytes at most without the arguments: two more records hold the rest.
      for _ in 0..<2 {
        if !isWhole || at >= end { break }
        bytes.truncate(to: 0)
        bytes.append(EventHeader.self) { $0.set(RecordKind.arguments, of: task, counts) }
        let size = end &- at < 12000 ? end &- at : 12000
        isWhole = bytes.appendUser(count: size, from: UnsafeRawPointer(bitPattern: UInt(at)))
        at &+= size
        bytes.withValue(EventHeader.self) { header in
          if !isWhole { header.flags |= RecordFlags.argumentsAreCut }
          if isWhole && at < end || withEnvironment != 0 { header.flags |= RecordFlags.hasMore }
        }
        if !events.send(bytes) { break }
      }
      if withEnvironment != 0 {
        let start = memory.env_start
        let total = memory.env_end &- start
        bytes.truncate(to: 0)
        bytes.append(EventHeader.self) { $0.set(RecordKind.environment, of: task, counts) }
        bytes.appendUser(
          count: total < environmentLimit ? total : environmentLimit, from: UnsafeRawPointer(bitPattern: UInt(start)))
        bytes.withValue(EventHeader.self) { header in
          if total > environmentLimit { header.flags |= RecordFlags.argumentsAreCut }
        }
        events.send(bytes)
      }
      return true
    } ?? false
  }
  return 0
}

@section("tp_btf/sched_process_exit")
func onExit(_ context: BTFTracepoint.sched_process_exit) -> Int32 {
  let task = context.p
  let signal = task.signal
  guard signal.live.counter == 0 else { return 0 }
  let leader = task.group_leader
  // Of two threads that both see no other alive, the first one tells; the second one may find itself alone by then.
  let name = ProcessName(start: leader.start_boottime, pid: UInt64(UInt32(truncatingIfNeeded: task.tgid)))
  if signal.nr_threads > 1 {
    guard ended.set(1, for: name, if: .absent) else { return 0 }
  } else if ended.pointer(to: name) != nil {
    return 0
  }
  count(task) { flags, counts in
    bytes.build { bytes in
      bytes.append(ExitRecord.self) { record in
        record.header.set(RecordKind.exit, of: task, flags: flags, counts)
        // SIGNAL_GROUP_EXIT: what ended all threads; else what the first thread said.
        record.status = UInt32(
          truncatingIfNeeded: signal.flags & 4 != 0 ? signal.group_exit_code : leader.exit_code)
        record.isPadding = 0
        // The kernel adds a thread's time to the group's when it is gone.
        var time = signal.sum_sched_runtime &+ task.se.sum_exec_runtime
        if task != leader { time &+= leader.se.sum_exec_runtime }
        record.processorTime = time
        record.maximumPages = UInt64(signal.maxrss)
      }
      return events.send(bytes)
    } ?? false
  }
  if filter.value.byProgram != 0 { forgetProgram(UInt32(truncatingIfNeeded: task.tgid)) }
  return 0
}

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

/// Where unshare(2) and setns(2) end. Each thread may have namespaces of its own: a process's are those of its first one.
@section("raw_tp/sys_exit")
func onNamespacesCall(_ context: RawTracepoint) -> Int32 {
  if Int64(bitPattern: context.word(1)) == 0, CurrentThread.processID == CurrentThread.threadID {
    sendChange(task_struct.Probed.current)
  }
  return 0
}

@section("tp_btf/cgroup_attach_task")
func onCgroupEntered(_ context: BTFTracepoint.cgroup_attach_task) -> Int32 {
  // Another hierarchy than v2 has ids of its own.
  let task = context.task
  if context.dst_cgrp.root.hierarchy_id == 0, task.pid == task.tgid { sendChange(task.probed) }
  return 0
}

/// Not an act that is counted. If the ring is full, which other losses show, events have the process as it was before, until its
/// next exec.
@inline(__always)
func sendChange(_ task: task_struct.Probed) {
  bytes.build { bytes in
    bytes.append(ChangeRecord.self) { record in
      record.header.set(
        RecordKind.change, start: task.group_leader.start_boottime, pid: UInt32(truncatingIfNeeded: task.tgid),
        thread: UInt32(truncatingIfNeeded: task.pid))
      record.cgroup = task.cgroups.dfl_cgrp.kn.id
      let credentials = task.cred
      record.capabilities = readKernel(at: credentials.pointer + cred.offset.cap_effective) ?? 0
      record.userNamespace = credentials.user_ns.ns.inum
      let namespaces = task.nsproxy
      record.mountNamespace = namespaces.mnt_ns.ns.inum
      record.networkNamespace = namespaces.net_ns.ns.inum
      record.isPadding = 0
    }
    events.send(bytes)
  }
}

// What happens to cgroups is no act that is counted: user space knows by it which path an id stands for, however short it
// lived.

@section("tp_btf/cgroup_mkdir")
func onCgroupCreated(_ context: BTFTracepoint.cgroup_mkdir) -> Int32 {
  send(context.cgrp, RecordKind.cgroupCreated, path: UnsafeRawPointer(context.path))
}

@section("tp_btf/cgroup_rmdir")
func onCgroupRemoved(_ context: BTFTracepoint.cgroup_rmdir) -> Int32 {
  send(context.cgrp, RecordKind.cgroupRemoved, path: UnsafeRawPointer(context.path))
}

@inline(__always)
func send(_ group: cgroup, _ kind: UInt16, path: UnsafeRawPointer) -> Int32 {
  // Another hierarchy than v2 has ids of its own.
  guard group.root.hierarchy_id == 0 else { return 0 }
  bytes.build { bytes in
    bytes.append(CgroupRecord.self) { record in
      record.header.set(kind, start: 0, pid: 0, thread: 0)
      record.cgroup = group.kn.id
    }
    bytes.appendKernelText(from: path)
    events.send(bytes)
  }
  return 0
}
