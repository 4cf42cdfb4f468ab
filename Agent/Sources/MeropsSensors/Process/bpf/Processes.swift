// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What a process is.
import BPFKernel

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
