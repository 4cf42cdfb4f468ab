// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What is done to files: where a system call ends, its arguments and its outcome are both there. A name is taken from the
// kernel's objects where the call leaves a descriptor, or a hook has the directory entry; else from the caller's memory.
import BPFKernel

let license = License.dualBSDGPL

var events = RingBuffer<EventHeader>(bytes: 1 << 23)
var counters = PerCPUArray<ClassCounts>(maxEntries: 8)
var bytes = ByteBuilder<12288>()
/// Filled by user space, and shared with whoever calls these programs.
var programs = ProgramArray(maxEntries: 16)
/// What to do at the end of which system call, by its number.
var calls = ArrayMap<SystemCall>(maxEntries: 512)
/// Directories below which opens are left out.
var ignoredDirectories = HashMap<FileIdentity, UInt8>(maxEntries: 1024)
var ignoredProcesses = HashMap<UInt32, UInt8>(maxEntries: 1024)
/// Opens that were reported a moment ago.
var opens = LRUHashMap<OpenKey, OpenRepeats>(maxEntries: 16384)

/// The process of the sensors.
@section(".rodata") var ownProcess: UInt32 = 0
@section(".rodata") var hasIgnoredDirectories: UInt32 = 0
@section(".rodata") var hasIgnoredProcesses: UInt32 = 0
/// How long a repeated open is only counted, in nanoseconds.
@section(".rodata") var repeatTime: UInt64 = 0
/// How many acts a CPU records in a second; 0 for all.
@section(".rodata") var rateLimit: UInt64 = 0
/// Whether opens of files that are not there are reported.
@section(".rodata") var withMissingFiles: UInt32 = 0
/// Whether a hook in the kernel reports the opens that succeed.
@section(".rodata") var opensByHook: UInt32 = 0

/// A CPU's acts in the second that it is in.
struct Rate {
  var second: UInt64
  var count: UInt64
}
var rates = PerCPUArray<Rate>(maxEntries: 1)

/// Whether this CPU has recorded enough in this second.
@inline(__always)
func isOverRate() -> Bool {
  if rateLimit == 0 { return false }
  guard let rate = rates.pointer(to: 0) else { return false }
  let second = Clock.boot / 1_000_000_000
  if rate.pointee.second != second {
    rate.pointee.second = second
    rate.pointee.count = 0
  }
  rate.pointee.count &+= 1
  return rate.pointee.count > rateLimit
}

let createdMode: UInt32 = 0x100000  // FMODE_CREATED
let pathMode: UInt32 = 0x4000  // FMODE_PATH
let writeMode: UInt32 = 2  // FMODE_WRITE
let kindOpen: UInt32 = 32
let kindCreate: UInt32 = 33
let kindWrite: UInt32 = 34
let kindMap: UInt32 = 41

@inline(__always)
func isIgnored(_ pid: UInt32) -> Bool {
  if pid == ownProcess { return true }
  return hasIgnoredProcesses != 0 && ignoredProcesses.pointer(to: pid) != nil
}

/// Whether a file lies below a directory that is left out.
@inline(__always)
func isIgnored(_ place: path.Probed) -> Bool {
  if hasIgnoredDirectories == 0 { return false }
  var entry = place.dentry
  var inner = place.mnt
  for _ in 0..<24 {
    let inode = entry.d_inode
    if ignoredDirectories.pointer(to: FileIdentity(inode: inode.i_ino, device: UInt64(inode.i_sb.s_dev))) != nil {
      return true
    }
    if entry == inner.mnt_root {
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

@inline(__always)
func describe(_ record: inout FileRecord, _ kind: UInt32, _ counts: UnsafeMutablePointer<ClassCounts>) {
  let task = task_struct.Probed.current
  record.header.time = Clock.boot
  record.header.start = task.group_leader.start_boottime
  record.header.sequence = counts.pointee.sequence
  record.header.pid = CurrentThread.processID
  record.header.thread = CurrentThread.threadID
  record.header.kind = RecordKind.event | UInt16(truncatingIfNeeded: kind)
  record.header.processor = UInt16(truncatingIfNeeded: currentProcessor)
  record.header.flags = 0
  record.inode = 0
  record.repeats = 0
  record.device = 0
  record.flags = 0
  record.mode = .max
  record.owner = .max
  record.group = .max
  record.error = 0
  record.directoryBytes = 0
  record.nameBytes = 0
  record.targetDirectoryBytes = 0
  record.targetNameBytes = 0
  record.textBytes = 0
  record.isPadding = 0
}

/// How many opens like this one were counted only; nil if this is one of them.
@inline(__always)
func repeats(_ pid: UInt32, _ inode: inode.Probed, _ flags: UInt32, _ kind: UInt32) -> UInt64? {
  if repeatTime == 0 || kind == kindCreate { return 0 }
  let now = Clock.boot
  let key = OpenKey(
    start: task_struct.Probed.current.group_leader.start_boottime, inode: inode.i_ino, pid: pid,
    device: inode.i_sb.s_dev, flags: flags, kind: kind, generation: inode.i_generation, isPadding: 0)
  guard let known = opens.pointer(to: key) else {
    opens.set(OpenRepeats(time: now, count: 0), for: key)
    return 0
  }
  if now &- known.pointee.time < repeatTime {
    atomicAdd(1, to: &known.pointee.count)
    return nil
  }
  let count = known.pointee.count
  known.pointee.time = now
  known.pointee.count = 0
  return count
}

/// Records a file that is open.
@inline(__always)
func record(
  _ opened: file.Probed, _ kind: UInt32, flags: UInt32, _ call: SystemCall, _ arguments: SavedRegisters, error: UInt32
) {
  counters.count(CountedClass.file) { counts in
    let pid = CurrentThread.processID
    if isIgnored(pid) { return nil }
    let place = path.Probed(opened.pointer + file.offset.f_path)
    if isIgnored(place) { return nil }
    let inode = opened.f_inode
    let isOpen = kind <= kindWrite || kind == kindMap
    var before: UInt64 = 0
    if isOpen {
      guard let found = repeats(pid, inode, flags, kind) else { return nil }
      before = found
    }
    if isOverRate() { return nil }
    return bytes.build { bytes in
      bytes.append(FileRecord.self) { record in
        describe(&record, kind, counts)
        record.inode = inode.i_ino
        record.device = inode.i_sb.s_dev
        record.flags = flags
        record.repeats = before
        record.error = error
        record.mode = UInt32(inode.i_mode)
        record.owner = inode.i_uid.val
        record.group = inode.i_gid.val
        if call.mode != SystemCall.none {
          record.mode =
            UInt32(inode.i_mode) & 0xf000 | UInt32(truncatingIfNeeded: argument(arguments, call.mode)) & 0xfff
        }
        if call.owner != SystemCall.none { record.owner = UInt32(truncatingIfNeeded: argument(arguments, call.owner)) }
        if call.group != SystemCall.none { record.group = UInt32(truncatingIfNeeded: argument(arguments, call.group)) }
      }
      let isWhole = bytes.appendPath(of: opened, isTrusted: false)
      let size = bytes.count &- UInt64(MemoryLayout<FileRecord>.size)
      bytes.withValue(FileRecord.self) { record in
        record.directoryBytes = UInt32(truncatingIfNeeded: size)
        if !isWhole { record.header.flags |= RecordFlags.pathIsCut }
      }
      return events.send(bytes)
    } ?? false
  }
}

@inline(__always)
func argument(_ registers: SavedRegisters, _ index: UInt8) -> UInt64 {
  switch index {
  case 0: registers.systemCallArgument(0)
  case 1: registers.systemCallArgument(1)
  case 2: registers.systemCallArgument(2)
  case 3: registers.systemCallArgument(3)
  case 4: registers.systemCallArgument(4)
  case 5: registers.systemCallArgument(5)
  default: 0
  }
}

/// The file of a descriptor of this process.
@inline(__always)
func opened(_ descriptor: UInt64) -> file.Probed {
  // The kernel itself trusts the number: it gave it, or has used it.
  task_struct.Probed.current.files.fdt.fd[Int(descriptor & 0xff_ffff)]
}

@inline(__always)
func call(of registers: SavedRegisters) -> SystemCall? {
  let number = registers.systemCallNumber
  guard let index = bounded(UInt32(truncatingIfNeeded: number), below: 512) else { return nil }
  return calls[index]
}

@section("raw_tp/sys_exit")
func onOpenCall(_ context: RawTracepoint) -> Int32 {
  let registers = SavedRegisters(raw: context.pointer(0))
  guard let call = call(of: registers) else { return 0 }
  let result = Int64(bitPattern: context.word(1))
  if result < 0 {
    if result == -2 && withMissingFiles == 0 {
      counters.count(CountedClass.file) { _ in nil }
    } else {
      programs.tailCall(UInt32(CallProgram.names), context)
    }
    return 0
  }
  if opensByHook != 0 { return 0 }
  let opened = opened(UInt64(bitPattern: result))
  let mode = opened.f_mode
  if mode & pathMode != 0 { return 0 }
  let kind = mode & createdMode != 0 ? kindCreate : mode & writeMode != 0 ? kindWrite : kindOpen
  record(opened, kind, flags: opened.f_flags, call, registers, error: 0)
  return 0
}

@section("raw_tp/sys_exit")
func onDescriptorCall(_ context: RawTracepoint) -> Int32 {
  let registers = SavedRegisters(raw: context.pointer(0))
  guard let call = call(of: registers) else { return 0 }
  let result = Int64(bitPattern: context.word(1))
  // mmap(2): the result may be any address, but for the last page.
  let failed = result < 0 && result > -4096
  let protection = UInt32(truncatingIfNeeded: argument(registers, call.flags))
  if UInt32(call.kind) == kindMap {
    let flags = UInt32(truncatingIfNeeded: registers.systemCallArgument(3))
    // PROT_EXEC of a file, not MAP_ANONYMOUS.
    if protection & 4 == 0 || flags & 0x20 != 0 || failed { return 0 }
  }
  let descriptor = argument(registers, call.descriptor)
  if result == -9 { return 0 }  // EBADF: there is no file
  record(
    opened(descriptor), UInt32(call.kind), flags: protection, call, registers,
    error: failed ? UInt32(truncatingIfNeeded: 0 &- result) : 0)
  return 0
}

@section("raw_tp/sys_exit")
func onNameCall(_ context: RawTracepoint) -> Int32 {
  let registers = SavedRegisters(raw: context.pointer(0))
  guard let call = call(of: registers) else { return 0 }
  let result = Int64(bitPattern: context.word(1))
  counters.count(CountedClass.file) { counts in
    if isIgnored(CurrentThread.processID) || isOverRate() { return nil }
    return bytes.build { bytes in
      bytes.append(FileRecord.self) { record in
        describe(&record, UInt32(call.kind), counts)
        record.header.flags = RecordFlags.isUserName
        if result < 0 { record.error = UInt32(truncatingIfNeeded: 0 &- result) }
        if call.flags != SystemCall.none { record.flags = UInt32(truncatingIfNeeded: argument(registers, call.flags)) }
        if call.mode != SystemCall.none {
          record.mode = UInt32(truncatingIfNeeded: argument(registers, call.mode)) & 0xfff
        }
        if call.owner != SystemCall.none { record.owner = UInt32(truncatingIfNeeded: argument(registers, call.owner)) }
        if call.group != SystemCall.none { record.group = UInt32(truncatingIfNeeded: argument(registers, call.group)) }
      }
      let first = appendPlace(bytes, registers, call.directory, call.name)
      bytes.withValue(FileRecord.self) { record in
        record.directoryBytes = first.directory
        record.nameBytes = first.name
        if !first.isWhole { record.header.flags |= RecordFlags.nameIsCut }
      }
      if call.targetName != SystemCall.none {
        let second = appendPlace(bytes, registers, call.targetDirectory, call.targetName)
        bytes.withValue(FileRecord.self) { record in
          record.targetDirectoryBytes = second.directory
          record.targetNameBytes = second.name
          if !second.isWhole { record.header.flags |= RecordFlags.targetIsCut }
        }
      }
      if call.text != SystemCall.none {
        let before = bytes.count
        bytes.appendUserText(from: UnsafeRawPointer(bitPattern: UInt(argument(registers, call.text))))
        let size = bytes.count &- before
        bytes.withValue(FileRecord.self) { $0.textBytes = UInt32(truncatingIfNeeded: size) }
      }
      return events.send(bytes)
    } ?? false
  }
  return 0
}

struct Place {
  var directory: UInt32
  var name: UInt32
  var isWhole: Bool
}

/// Where a name leads from, and the name.
@inline(__always)
func appendPlace(
  _ bytes: ByteBuilder<12288>.Bytes, _ registers: SavedRegisters, _ directory: UInt8, _ name: UInt8
) -> Place {
  let text = UnsafeRawPointer(bitPattern: UInt(argument(registers, name)))
  let places = task_struct.Probed.current.fs
  // AT_FDCWD
  let descriptor = directory == SystemCall.none ? -100 : Int32(truncatingIfNeeded: argument(registers, directory))
  var base = places.pointer + fs_struct.offset.pwd
  if readUser(UInt8.self, at: text) == 0x2f {
    base = places.pointer + fs_struct.offset.root
  } else if descriptor >= 0 {
    base = opened(UInt64(UInt32(bitPattern: descriptor))).pointer + file.offset.f_path
  }
  let before = bytes.count
  let hasBase = bytes.appendPath(path.Probed(base), isTrusted: false)
  let middle = bytes.count
  let hasName = bytes.appendUserText(from: text)
  return Place(
    directory: UInt32(truncatingIfNeeded: middle &- before), name: UInt32(truncatingIfNeeded: bytes.count &- middle),
    isWhole: hasBase && hasName)
}

/// Opens by any way, io_uring too, with the file that the kernel decided on.
@section("?fexit/security_file_open")
func onFileOpen(_ context: FunctionExit.security_file_open) -> Int32 {
  let opened = context.file
  let mode = opened.f_mode
  // __FMODE_EXEC: a program starts, which has an event of its own.
  if context.result != 0 || opened.f_flags & 0x20 != 0 { return 0 }
  let kind = mode & createdMode != 0 ? kindCreate : mode & writeMode != 0 ? kindWrite : kindOpen
  let none = SystemCall.none
  record(
    opened.probed, kind, flags: opened.f_flags,
    SystemCall(
      program: 0, kind: 0, directory: none, name: none, targetDirectory: none, targetName: none, text: none,
      flags: none, mode: none, owner: none, group: none, descriptor: none), SavedRegisters(raw: nil), error: 0)
  return 0
}
