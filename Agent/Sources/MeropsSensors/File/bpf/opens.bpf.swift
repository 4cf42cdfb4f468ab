// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Files that are opened, or mapped as code: by a hook where the kernel has the file, or else where the system call ends, by
// the descriptor. Both have the path from the kernel's own objects.
import BPFKernel

let license = License.dualBSDGPL

var events = RingBuffer<FileRecord>(bytes: 1 << 23)
var counters = PerCPUArray<ClassCounts>(maxEntries: 8)
var bytes = ByteBuilder<12288>()
/// Filled by user space, and shared with whoever calls these programs.
var programs = ProgramArray(maxEntries: 16)
/// What to do at the end of which system call, by its number.
var calls = ArrayMap<SystemCall>(maxEntries: 512)
/// Directories below which opens are left out.
var ignoredDirectories = HashMap<FileIdentity, UInt8>(maxEntries: 1024)
/// The file systems that these directories are in.
var ignoredDevices = HashMap<UInt32, UInt8>(maxEntries: 1024)
/// Opens that were reported a moment ago.
var opens = LRUHashMap<OpenKey, OpenRepeats>(maxEntries: 16384)
var repeated = PerCPUArray<RepeatCounts>(maxEntries: 1)

@section(".rodata") var hasIgnoredDirectories: UInt32 = 0
/// How long a repeated open is only counted, in nanoseconds.
@section(".rodata") var repeatTime: UInt64 = 0
/// Whether opens of files that are not there are reported.
@section(".rodata") var withMissingFiles: UInt32 = 0
/// Whether hooks in the kernel report the opens that succeed.
@section(".rodata") var byHooks: UInt32 = 0

/// Whether a file lies below a directory that is left out.
@inline(__always)
func isIgnored(_ place: path.Probed) -> Bool {
  if hasIgnoredDirectories == 0 { return false }
  var entry = place.dentry
  var inner = place.mnt
  for _ in 0..<24 {
    let device = inner.mnt_sb.s_dev
    // No directory of other file systems can be one of these: on with what their mounts are in.
    let mayBeIgnored = ignoredDevices.pointer(to: device) != nil
    if mayBeIgnored,
      ignoredDirectories.pointer(to: FileIdentity(inode: entry.d_inode.i_ino, device: UInt64(device))) != nil
    {
      return true
    }
    if !mayBeIgnored || entry == inner.mnt_root {
      let here = mount.Probed(inner.pointer - mount.offset.mnt)
      let parent = here.mnt_parent
      if parent == here { return false }
      entry = here.mnt_mountpoint
      inner = vfsmount.Probed(parent.pointer + mount.offset.mnt)
    } else {
      entry = entry.d_parent
    }
  }
  return false
}

/// How many opens like this one were counted only; nil if this is one of them.
@inline(__always)
func repeats(_ inode: inode.Probed, _ flags: UInt32, _ kind: UInt32) -> UInt64? {
  if repeatTime == 0 || kind == FileKind.create { return 0 }
  let now = Clock.boot
  let key = OpenKey(
    start: task_struct.Probed.current.group_leader.start_boottime, inode: inode.i_ino, pid: CurrentThread.processID,
    device: inode.i_sb.s_dev, flags: flags, kind: kind, generation: inode.i_generation, isPadding: 0)
  guard let known = opens.pointer(to: key) else {
    opens.set(OpenRepeats(time: now, count: 0), for: key)
    return 0
  }
  if now &- known.pointee.time < repeatTime {
    atomicAdd(1, to: &known.pointee.count)
    if let all = repeated.pointer(to: 0) { atomicAdd(1, to: &all.pointee.counted) }
    return nil
  }
  let count = known.pointee.count
  known.pointee.time = now
  report(count)
  known.pointee.count = 0
  return count
}

/// An event has so many repeats. The number is taken back if the event is not sent: nobody knows the file of them then.
@inline(__always)
func report(_ count: UInt64) {
  if count != 0, let all = repeated.pointer(to: 0) { atomicAdd(count, to: &all.pointee.reported) }
}

/// Records a file that is open.
@inline(__always)
func record(_ opened: file.Probed, _ kind: UInt32, flags: UInt32) {
  counters.count(CountedClass.file) { counts in
    if isCallerOwnOrLeftOut() { return nil }
    if isIgnored(path.Probed(opened.pointer + file.offset.f_path)) { return nil }
    let inode = opened.f_inode
    guard let before = repeats(inode, flags, kind) else { return nil }
    var isSent: Bool?
    if !counts.isOverLimit(CountedClass.file) {
      isSent = false
      bytes.build { bytes in
        bytes.append(FileRecord.self) { record in
          record.clear(kind)
          record.header.begin(kind, counts)
          record.identify(inode)
          record.flags = flags
          record.repeats = before
        }
        let isWhole = bytes.appendPath(of: opened, isTrusted: false)
        let size = bytes.count &- UInt64(MemoryLayout<FileRecord>.size)
        bytes.withValue(FileRecord.self) { record in
          record.directoryBytes = UInt32(truncatingIfNeeded: size)
          if !isWhole { record.header.flags |= RecordFlags.pathIsCut }
        }
        isSent = events.send(bytes, wakeup: wakeup)
      }
    }
    if isSent != true { report(0 &- before) }
    return isSent
  }
}

/// What an open is, by the mode of the file that it gave; nil where nothing can be read or written through it.
@inline(__always)
func kind(ofOpen opened: file.Probed) -> UInt32? {
  let mode = opened.f_mode
  if mode & 0x4000 != 0 { return nil }  // FMODE_PATH
  if mode & 0x100000 != 0 { return FileKind.create }  // FMODE_CREATED
  return mode & 2 != 0 ? FileKind.write : FileKind.open  // FMODE_WRITE
}

@section("raw_tp/sys_exit")
func onOpenCall(_ context: RawTracepoint) -> Int32 {
  let result = Int64(bitPattern: context.word(1))
  if result < 0 {
    if result == -2 && withMissingFiles == 0 {
      counters.count(CountedClass.file) { _ in nil }
    } else {
      programs.tailCall(UInt32(CallProgram.names), context)
    }
    return 0
  }
  if byHooks != 0 { return 0 }
  let file = opened(UInt64(bitPattern: result))
  if let kind = kind(ofOpen: file) { record(file, kind, flags: file.f_flags) }
  return 0
}

@section("raw_tp/sys_exit")
func onMapCall(_ context: RawTracepoint) -> Int32 {
  let registers = SavedRegisters(raw: context.pointer(0))
  guard let call = calls.call(of: registers) else { return 0 }
  let result = Int64(bitPattern: context.word(1))
  // The result may be any address, but for the last page.
  if result < 0 && result > -4096 { return 0 }
  let protection = UInt32(truncatingIfNeeded: registers.argument(call.flags))
  // PROT_EXEC of a file, not MAP_ANONYMOUS.
  if protection & 4 == 0 || registers.systemCallArgument(3) & 0x20 != 0 { return 0 }
  record(opened(registers.argument(call.descriptor)), FileKind.map, flags: protection)
  return 0
}

/// Opens by any way, io_uring too, where they have come to their end.
@section("?fexit/do_dentry_open")
func afterFileOpen(_ call: FunctionArguments) -> Int32 {
  // How many arguments the function has differs from kernel to kernel; a file that was opened says so (FMODE_OPENED).
  let opened = file.Probed(UnsafeRawPointer(bitPattern: UInt(call.word(0))).unsafelyUnwrapped)
  return opened.f_mode & 0x8_0000 == 0 ? 0 : recordOpen(opened)
}

/// The same, with the file that the kernel decided on: what comes behind may fail.
@section("?fexit/security_file_open")
func onFileOpen(_ call: FunctionExit.security_file_open) -> Int32 {
  call.result == 0 ? recordOpen(call.file.probed) : 0
}

@inline(__always)
func recordOpen(_ opened: file.Probed) -> Int32 {
  // __FMODE_EXEC: a program starts, which has an event of its own.
  if opened.f_flags & 0x20 != 0 { return 0 }
  // FMODE_NOACCOUNT: a file system opens the file that is behind one of its own, as overlayfs does.
  if opened.f_mode & 0x2000_0000 != 0 { return 0 }
  if let kind = kind(ofOpen: opened) { record(opened, kind, flags: opened.f_flags) }
  return 0
}

@section("?fexit/security_mmap_file")
func onFileMap(_ call: FunctionExit.security_mmap_file) -> Int32 {
  let protection = UInt32(truncatingIfNeeded: call.prot)
  let opened = call.file.probed
  if protection & 4 == 0 || opened.isNull || call.result != 0 { return 0 }
  // In the course of an exec the kernel maps the program, which has an event of its own.
  if task_struct.Probed.current.in_execve != 0 { return 0 }
  record(opened, FileKind.map, flags: protection)
  return 0
}
