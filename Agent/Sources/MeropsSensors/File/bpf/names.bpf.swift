// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What is done by a name: files are removed, renamed, linked, given away; file systems are mounted. And opens that fail.
//
// Where the kernel lets its own functions be watched, a hook has the directory entries, and what it makes of them is kept
// until the outcome is known, where the system call ends, or the request of io_uring. An act that ends before the hook, as
// where there is no such file, has only the name in the caller's memory; so has every act where there are no hooks.
import BPFKernel

let license = License.dualBSDGPL

var events = RingBuffer<FileRecord>(bytes: 1 << 23)
var counters = PerCPUArray<ClassCounts>(maxEntries: 8)
var bytes = ByteBuilder<12288>()
/// What to do at the end of which system call, by its number.
var calls = ArrayMap<SystemCall>(maxEntries: 512)
/// Records without an outcome, by the thread: most of them, and those with long paths. Where a map is full, names are the
/// caller's memory.
var kept = KeptBytes<UInt32, 512>(maxEntries: 1024)
var longKept = KeptBytes<UInt32, 8448>(maxEntries: 64)

/// Whether hooks keep records of system calls, and of io_uring's requests.
@section(".rodata") var byHooks: UInt32 = 0
@section(".rodata") var withRequests: UInt32 = 0

typealias Bytes = ByteBuilder<12288>.Bytes

@section("raw_tp/sys_exit")
func onNameCall(_ context: RawTracepoint) -> Int32 {
  let registers = SavedRegisters(raw: context.pointer(0))
  guard let call = calls.call(of: registers) else { return 0 }
  let kind = UInt32(call.kind)
  let result = Int64(bitPattern: context.word(1))
  if byHooks != 0 && kind > FileKind.write && finish(kind, result) { return 0 }
  let isOpened = call.descriptor != SystemCall.none
  if isOpened && result == -9 { return 0 }  // EBADF: there is no file
  counters.count(CountedClass.file) { counts in
    if isCallerOwnOrLeftOut() || counts.isOverLimit(CountedClass.file) { return nil }
    return bytes.build { bytes in
      bytes.append(FileRecord.self) { record in
        record.clear(kind)
        record.header.begin(kind, flags: isOpened ? 0 : RecordFlags.isUserName, counts)
        if isOpened { record.identify(opened(registers.argument(call.descriptor)).f_inode) }
        if result < 0 { record.error = UInt32(truncatingIfNeeded: 0 &- result) }
        if call.flags != SystemCall.none { record.flags = UInt32(truncatingIfNeeded: registers.argument(call.flags)) }
        if call.mode != SystemCall.none { record.change(mode: registers.argument(call.mode)) }
        if call.owner != SystemCall.none { record.owner = UInt32(truncatingIfNeeded: registers.argument(call.owner)) }
        if call.group != SystemCall.none { record.group = UInt32(truncatingIfNeeded: registers.argument(call.group)) }
      }
      let first =
        isOpened
        ? appendFile(bytes, registers.argument(call.descriptor))
        : appendPlace(bytes, registers, call.directory, call.name)
      first.note(bytes, isTarget: false)
      if call.targetName != SystemCall.none {
        appendPlace(bytes, registers, call.targetDirectory, call.targetName).note(bytes, isTarget: true)
      }
      if call.text != SystemCall.none {
        let size = size(bytes) {
          bytes.appendUserText(from: UnsafeRawPointer(bitPattern: UInt(registers.argument(call.text))))
        }
        bytes.withValue(FileRecord.self) { $0.textBytes = size }
      }
      return events.send(bytes, wakeup: wakeup)
    } ?? false
  }
  return 0
}

/// What was appended for one of a record's two places.
struct Place {
  var directory: UInt32
  var name: UInt32
  var isWhole: Bool

  @inline(__always)
  func note(_ bytes: Bytes, isTarget: Bool) {
    bytes.withValue(FileRecord.self) { record in
      if isTarget {
        record.targetDirectoryBytes = directory
        record.targetNameBytes = name
        if !isWhole { record.header.flags |= RecordFlags.targetIsCut }
      } else {
        record.directoryBytes = directory
        record.nameBytes = name
        if !isWhole { record.header.flags |= RecordFlags.nameIsCut }
      }
    }
  }
}

/// How many bytes a closure appends.
@inline(__always)
func size(_ bytes: Bytes, _ append: () -> Void) -> UInt32 {
  let before = bytes.count
  append()
  return UInt32(truncatingIfNeeded: bytes.count &- before)
}

/// Where a name leads from, and the name.
@inline(__always)
func appendPlace(_ bytes: Bytes, _ registers: SavedRegisters, _ directory: UInt8, _ name: UInt8) -> Place {
  let text = UnsafeRawPointer(bitPattern: UInt(registers.argument(name)))
  let places = task_struct.Probed.current.fs
  // AT_FDCWD
  let descriptor = directory == SystemCall.none ? -100 : Int32(truncatingIfNeeded: registers.argument(directory))
  var base = places.pointer + fs_struct.offset.pwd
  if readUser(UInt8.self, at: text) == 0x2f {
    base = places.pointer + fs_struct.offset.root
  } else if descriptor >= 0 {
    base = opened(UInt64(UInt32(bitPattern: descriptor))).pointer + file.offset.f_path
  }
  var isWhole = true
  let directory = size(bytes) { isWhole = bytes.appendPath(path.Probed(base), isTrusted: false) }
  let name = size(bytes) { if !bytes.appendUserText(from: text) { isWhole = false } }
  return Place(directory: directory, name: name, isWhole: isWhole)
}

/// The path of what a descriptor stands for.
@inline(__always)
func appendFile(_ bytes: Bytes, _ descriptor: UInt64) -> Place {
  var isWhole = true
  let size = size(bytes) { isWhole = bytes.appendPath(of: opened(descriptor), isTrusted: false) }
  return Place(directory: size, name: 0, isWhole: isWhole)
}

extension FileRecord {
  /// The file's type, if it is known, and other permissions.
  @inline(__always)
  mutating func change(mode new: UInt64) {
    mode = (mode == .max ? 0 : mode & 0xf000) | UInt32(truncatingIfNeeded: new) & 0xfff
  }
}

// What hooks keep.

/// Keeps a record that `fill` completes, until `finish` has its outcome.
@inline(__always)
func keep(_ kind: UInt32, _ fill: (Bytes) -> Void) {
  let task = task_struct.Probed.current
  // PF_KTHREAD: the kernel does it by itself. PF_IO_WORKER: io_uring.
  if task.flags & 0x20_0000 != 0 || task.flags & 0x10 != 0 && withRequests == 0 { return }
  // A 32-bit program's system calls are not looked at where they end (TS_COMPAT).
  if thread_info.exists.status, task.thread_info.status & 2 != 0 { return }
  if isCallerOwnOrLeftOut() { return }
  bytes.build { bytes in
    bytes.append(FileRecord.self) { $0.clear(kind) }
    fill(bytes)
    let thread = CurrentThread.threadID
    if kept.keep(bytes, for: thread) { longKept.forget(thread) } else { longKept.keep(bytes, for: thread) }
  }
}

/// A place of a record, and of the first one what is known of its file.
@inline(__always)
func appendEntry(_ bytes: Bytes, _ entry: dentry, _ view: vfsmount, isTarget: Bool = false) {
  var isWhole = true
  let size = size(bytes) { isWhole = bytes.appendPath(entry: entry, mount: view) }
  Place(directory: size, name: 0, isWhole: isWhole).note(bytes, isTarget: isTarget)
  if !isTarget { bytes.withValue(FileRecord.self) { $0.identify(entry.probed.d_inode) } }
}

/// What was mounted, and the type of the file system.
@inline(__always)
func appendSource(_ bytes: Bytes, _ source: UnsafeRawPointer?, _ type: UnsafeRawPointer?) {
  let source = size(bytes) { bytes.appendKernelText(from: source) }
  let type = size(bytes) { bytes.appendKernelText(from: type) }
  bytes.withValue(FileRecord.self) { record in
    record.targetNameBytes = source
    record.textBytes = type
  }
}

/// Sends what a hook kept for the running thread.
///
/// - Returns: false if nothing was kept.
@inline(__always)
func finish(_ kind: UInt32, _ result: Int64) -> Bool {
  let thread = CurrentThread.threadID
  if let isSent = kept.take(thread, { send($0, kind, result) }) { return isSent }
  return longKept.take(thread) { send($0, kind, result) } ?? false
}

@inline(__always)
func send<let capacity: Int>(_ bytes: ByteBuilder<capacity>.Bytes, _ kind: UInt32, _ result: Int64) -> Bool {
  var isOfCall = false
  bytes.withValue(FileRecord.self) { record in
    isOfCall = record.header.kind == RecordKind.event | UInt16(truncatingIfNeeded: kind)
  }
  guard isOfCall else { return false }
  counters.count(CountedClass.file) { counts in
    if counts.isOverLimit(CountedClass.file) { return nil }
    bytes.withValue(FileRecord.self) { record in
      record.header.begin(kind, flags: record.header.flags, counts)
      if result < 0 { record.error = UInt32(truncatingIfNeeded: 0 &- result) }
    }
    return events.send(bytes, wakeup: wakeup)
  }
  return true
}

@section("?fentry/security_path_unlink")
func onUnlink(_ call: FunctionEntry.security_path_unlink) -> Int32 {
  keep(FileKind.unlink) { appendEntry($0, call.dentry, call.dir.mnt) }
  return 0
}

@section("?fentry/security_path_rmdir")
func onRemoveDirectory(_ call: FunctionEntry.security_path_rmdir) -> Int32 {
  keep(FileKind.unlink) { appendEntry($0, call.dentry, call.dir.mnt) }
  return 0
}

@section("?fentry/security_path_rename")
func onRename(_ call: FunctionEntry.security_path_rename) -> Int32 {
  keep(FileKind.rename) { bytes in
    appendEntry(bytes, call.old_dentry, call.old_dir.mnt)
    appendEntry(bytes, call.new_dentry, call.new_dir.mnt, isTarget: true)
  }
  return 0
}

@section("?fentry/security_path_link")
func onLink(_ call: FunctionEntry.security_path_link) -> Int32 {
  keep(FileKind.link) { bytes in
    // A link leads to no other mount.
    appendEntry(bytes, call.old_dentry, call.new_dir.mnt)
    appendEntry(bytes, call.new_dentry, call.new_dir.mnt, isTarget: true)
  }
  return 0
}

@section("?fentry/security_path_symlink")
func onSymlink(_ call: FunctionEntry.security_path_symlink) -> Int32 {
  keep(FileKind.symlink) { bytes in
    appendEntry(bytes, call.dentry, call.dir.mnt)
    let size = size(bytes) { bytes.appendKernelText(from: call.old_name) }
    bytes.withValue(FileRecord.self) { $0.textBytes = size }
  }
  return 0
}

@section("?fentry/security_path_chmod")
func onModeChange(_ call: FunctionEntry.security_path_chmod) -> Int32 {
  keep(FileKind.mode) { bytes in
    appendEntry(bytes, call.path.dentry, call.path.mnt)
    bytes.withValue(FileRecord.self) { $0.change(mode: UInt64(call.mode)) }
  }
  return 0
}

@section("?fentry/security_path_chown")
func onOwnerChange(_ call: FunctionEntry.security_path_chown) -> Int32 {
  keep(FileKind.owner) { bytes in
    appendEntry(bytes, call.path.dentry, call.path.mnt)
    bytes.withValue(FileRecord.self) { record in
      record.owner = UInt32(truncatingIfNeeded: call.word(1))
      record.group = UInt32(truncatingIfNeeded: call.word(2))
    }
  }
  return 0
}

@section("?fentry/security_sb_mount")
func onMount(_ call: FunctionEntry.security_sb_mount) -> Int32 {
  keep(FileKind.mounted) { bytes in
    appendEntry(bytes, call.path.dentry, call.path.mnt)
    appendSource(bytes, call.dev_name, call.type)
    bytes.withValue(FileRecord.self) { $0.flags = UInt32(truncatingIfNeeded: call.flags) }
  }
  return 0
}

@section("?fentry/security_move_mount")
func onMoveMount(_ call: FunctionEntry.security_move_mount) -> Int32 {
  keep(FileKind.mounted) { bytes in
    appendEntry(bytes, call.to_path.dentry, call.to_path.mnt)
    let moved = call.from_path.probed.mnt
    let here: mount.Probed = .init(moved.pointer - mount.offset.mnt)
    appendSource(bytes, here.mnt_devname, moved.mnt_sb.s_type.name)
  }
  return 0
}

@section("?fentry/security_sb_umount")
func onUnmount(_ call: FunctionEntry.security_sb_umount) -> Int32 {
  keep(FileKind.unmounted) { bytes in
    appendEntry(bytes, call.mnt.mnt_root, call.mnt)
    bytes.withValue(FileRecord.self) { $0.flags = UInt32(truncatingIfNeeded: call.flags) }
  }
  return 0
}

// Requests of io_uring, whose results are in the request.

@section("?fexit/io_unlinkat")
func afterUnlinkRequest(_ call: FunctionArguments) -> Int32 { finish(FileKind.unlink, request: call.word(0)) }

@section("?fexit/io_renameat")
func afterRenameRequest(_ call: FunctionArguments) -> Int32 { finish(FileKind.rename, request: call.word(0)) }

@section("?fexit/io_linkat")
func afterLinkRequest(_ call: FunctionArguments) -> Int32 { finish(FileKind.link, request: call.word(0)) }

@section("?fexit/io_symlinkat")
func afterSymlinkRequest(_ call: FunctionArguments) -> Int32 { finish(FileKind.symlink, request: call.word(0)) }

@inline(__always)
func finish(_ kind: UInt32, request: UInt64) -> Int32 {
  let request = io_kiocb.Probed(UnsafeRawPointer(bitPattern: UInt(request)).unsafelyUnwrapped)
  _ = finish(kind, Int64(request.cqe.res))
  return 0
}
