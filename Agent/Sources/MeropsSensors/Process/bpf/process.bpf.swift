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

@inline(__always)
func header(
  _ header: inout EventHeader, of task: task_struct, _ kind: UInt16, _ counts: UnsafeMutablePointer<ClassCounts>
) {
  header.time = Clock.boot
  header.start = task.group_leader.start_boottime
  header.sequence = counts.pointee.sequence
  header.pid = UInt32(truncatingIfNeeded: task.tgid)
  header.thread = UInt32(truncatingIfNeeded: task.pid)
  header.kind = kind
  header.processor = UInt16(truncatingIfNeeded: currentProcessor)
  header.flags = 0
}

@inline(__always)
func describe(
  _ record: inout ProcessRecord, _ task: task_struct, _ kind: UInt16, _ counts: UnsafeMutablePointer<ClassCounts>
) {
  header(&record.header, of: task, kind, counts)
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
    record.header.flags = flags
    record.pathBytes = UInt32(truncatingIfNeeded: pathEnd &- start)
    record.directoryBytes = UInt32(truncatingIfNeeded: end &- pathEnd)
  }
}

@section("tp_btf/sched_process_fork")
func onFork(_ context: BTFTracepoint.sched_process_fork) -> Int32 {
  let child = context.child
  guard child.pid == child.tgid else { return 0 }
  counters.count(CountedClass.process) { counts in
    bytes.build { bytes in
      bytes.append(ProcessRecord.self) { record in
        describe(&record, child, RecordKind.fork, counts)
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
  counters.count(CountedClass.process) { counts in
    bytes.build { bytes in
      bytes.append(ProcessRecord.self) { describe(&$0, task, RecordKind.exec, counts) }
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
        bytes.append(EventHeader.self) { header(&$0, of: task, RecordKind.arguments, counts) }
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
        bytes.append(EventHeader.self) { header(&$0, of: task, RecordKind.environment, counts) }
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
  counters.count(CountedClass.process) { counts in
    bytes.build { bytes in
      bytes.append(ExitRecord.self) { record in
        header(&record.header, of: task, RecordKind.exit, counts)
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
  return 0
}

@section("iter/task")
func onTask(_ item: IteratorItem) -> IteratorVerdict {
  guard let raw = item.item else { return .next }
  let task = task_struct(raw: raw)
  guard task.pid == task.tgid, let counts = counters.pointer(to: CountedClass.process) else { return .next }
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
      record.header.time = Clock.boot
      record.header.start = task.group_leader.start_boottime
      record.header.sequence = 0
      record.header.pid = UInt32(truncatingIfNeeded: task.tgid)
      record.header.thread = UInt32(truncatingIfNeeded: task.pid)
      record.header.kind = RecordKind.change
      record.header.processor = UInt16(truncatingIfNeeded: currentProcessor)
      record.header.flags = 0
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
      record.header.time = Clock.boot
      record.header.start = 0
      record.header.sequence = 0
      record.header.pid = 0
      record.header.thread = 0
      record.header.kind = kind
      record.header.processor = UInt16(truncatingIfNeeded: currentProcessor)
      record.header.flags = 0
      record.cgroup = group.kn.id
    }
    bytes.appendKernelText(from: path)
    events.send(bytes)
  }
  return 0
}
