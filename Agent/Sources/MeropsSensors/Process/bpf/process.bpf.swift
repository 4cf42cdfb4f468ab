// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Processes that start others, become other programs, and end.
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
      return events.send(bytes, wakeup: wakeup)
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
      guard events.send(bytes, wakeup: wakeup) else { return false }
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
        if !events.send(bytes, wakeup: wakeup) { break }
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
        events.send(bytes, wakeup: wakeup)
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
      return events.send(bytes, wakeup: wakeup)
    } ?? false
  }
  if filter.value.byProgram != 0 { forgetProgram(UInt32(truncatingIfNeeded: task.tgid)) }
  return 0
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
    events.send(bytes, wakeup: wakeup)
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
    events.send(bytes, wakeup: wakeup)
  }
  return 0
}
