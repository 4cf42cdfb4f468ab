// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The paths of what an act is about. A hook's first program has found that a rule may be about the process; this one writes
// the paths where the hook's second program looks for them. Their form is `ActLayout` of MeropsPolicy.
//
// Each program is loaded twice: for each bank one that goes on with that bank's program, so that both are of one set.
import BPFKernel

let license = License.dualBSDGPL

var slots = ProgramArray(maxEntries: 6)
/// By the thread: the program before, and the one behind, may be interrupted.
var acts = KeyedBuilder<UInt32, 1096>(maxEntries: 2048)
var empty = ByteBuilder<1096>()

@section(".rodata") var bank: UInt32 = 0

/// What a verdict has in front of the paths.
struct ActFacts {
  var time: UInt64
  var thread: UInt64
  var pathBytes: UInt32
  var targetBytes: UInt32
  /// 1: the path is cut, 2: that of the target.
  var flags: UInt32
  var isPadding: UInt32
}

typealias Bytes = ByteBuilder<1096>.Bytes

/// Where paths start, and how many bytes each may have.
enum Place {
  @inline(__always) static var path: UInt64 { 72 }
  @inline(__always) static var bytes: UInt64 { 512 }
}

/// Writes a path, and goes on with the second program.
@inline(__always)
func write(_ context: some ProgramContext, _ path: (Bytes) -> Bool) -> LSMVerdict {
  acts.build(for: CurrentThread.threadID, from: &empty) { writePath($0, path) }
  slots.tailCall(2 &+ (bank & 1), context)
  return .deny
}

/// Writes two paths, and goes on with the second program.
@inline(__always)
func write(_ context: some ProgramContext, _ path: (Bytes) -> Bool, target: (Bytes) -> Bool) -> LSMVerdict {
  acts.build(for: CurrentThread.threadID, from: &empty) { bytes in
    writePath(bytes, path)
    // A name that was too long for the first path's room lies in the second one's.
    bytes.clear(512, at: 72 + 512)
    let (size, isWhole) = append(bytes, at: Place.path &+ Place.bytes, target)
    bytes.withValue(ActFacts.self) { facts in
      facts.targetBytes = size
      if !isWhole { facts.flags |= 2 }
    }
  }
  slots.tailCall(2 &+ (bank & 1), context)
  return .deny
}

@inline(__always)
func writePath(_ bytes: Bytes, _ path: (Bytes) -> Bool) {
  bytes.clear(72 + 512, at: 0)
  let (size, isWhole) = append(bytes, at: Place.path, path)
  bytes.withValue(ActFacts.self) { facts in
    facts.pathBytes = size
    if !isWhole { facts.flags |= 1 }
  }
}

/// Appends a path in its room.
///
/// - Returns: how many bytes there are, and whether those are all.
@inline(__always)
func append(_ bytes: Bytes, at start: UInt64, _ path: (Bytes) -> Bool) -> (UInt32, isWhole: Bool) {
  bytes.resize(to: start)
  let isWhole = path(bytes)
  let size = bytes.count &- start
  if size <= Place.bytes { return (UInt32(truncatingIfNeeded: size), isWhole) }
  bytes.resize(to: start &+ Place.bytes)
  return (UInt32(truncatingIfNeeded: Place.bytes), false)
}

@section("?fmod_ret/security_file_open")
func fileOpen(_ call: FunctionExit.security_file_open) -> LSMVerdict {
  write(call) { $0.appendPath(of: call.file) }
}

/// A file that may not be there: memory without a file is mapped, too.
@section("?fmod_ret/security_mmap_file")
func fileMap(_ call: FunctionExit.security_mmap_file) -> LSMVerdict {
  let file = call.file
  if file.isNull { return .allow }
  return write(call) { $0.appendPath(of: file) }
}

@section("?fmod_ret/security_kernel_read_file")
func moduleFile(_ call: FunctionExit.security_kernel_read_file) -> LSMVerdict {
  let file = call.file
  if file.isNull { return .allow }
  return write(call) { $0.appendPath(of: file) }
}

@section("?fmod_ret/security_bprm_check")
func execCheck(_ call: FunctionExit.security_bprm_check) -> LSMVerdict {
  write(call) { $0.appendPath(of: call.bprm.file) }
}

// Names in a directory.

@section("?fmod_ret/security_path_mknod")
func fileCreate(_ call: FunctionExit.security_path_mknod) -> LSMVerdict {
  write(call) { $0.appendPath(entry: call.dentry, mount: call.dir.mnt) }
}

@section("?fmod_ret/security_path_mkdir")
func directoryCreate(_ call: FunctionExit.security_path_mkdir) -> LSMVerdict {
  write(call) { $0.appendPath(entry: call.dentry, mount: call.dir.mnt) }
}

@section("?fmod_ret/security_path_unlink")
func fileUnlink(_ call: FunctionExit.security_path_unlink) -> LSMVerdict {
  write(call) { $0.appendPath(entry: call.dentry, mount: call.dir.mnt) }
}

@section("?fmod_ret/security_path_rmdir")
func directoryRemove(_ call: FunctionExit.security_path_rmdir) -> LSMVerdict {
  write(call) { $0.appendPath(entry: call.dentry, mount: call.dir.mnt) }
}

@section("?fmod_ret/security_path_symlink")
func fileSymlink(_ call: FunctionExit.security_path_symlink) -> LSMVerdict {
  write(call) { $0.appendPath(entry: call.dentry, mount: call.dir.mnt) }
}

@section("?fmod_ret/security_path_rename")
func fileRename(_ call: FunctionExit.security_path_rename) -> LSMVerdict {
  write(
    call, { $0.appendPath(entry: call.old_dentry, mount: call.old_dir.mnt) },
    target: { $0.appendPath(entry: call.new_dentry, mount: call.new_dir.mnt) })
}

/// A link leads to no other mount.
@section("?fmod_ret/security_path_link")
func fileLink(_ call: FunctionExit.security_path_link) -> LSMVerdict {
  write(
    call, { $0.appendPath(entry: call.old_dentry, mount: call.new_dir.mnt) },
    target: { $0.appendPath(entry: call.new_dentry, mount: call.new_dir.mnt) })
}

// Files that have a name.

@section("?fmod_ret/security_path_chmod")
func fileMode(_ call: FunctionExit.security_path_chmod) -> LSMVerdict {
  write(call) { $0.appendPath(entry: call.path.dentry, mount: call.path.mnt) }
}

@section("?fmod_ret/security_path_chown")
func fileOwner(_ call: FunctionExit.security_path_chown) -> LSMVerdict {
  write(call) { $0.appendPath(entry: call.path.dentry, mount: call.path.mnt) }
}

@section("?fmod_ret/security_path_truncate")
func fileTruncate(_ call: FunctionExit.security_path_truncate) -> LSMVerdict {
  write(call) { $0.appendPath(entry: call.path.dentry, mount: call.path.mnt) }
}

@section("?fmod_ret/security_sb_mount")
func mount(_ call: FunctionExit.security_sb_mount) -> LSMVerdict {
  write(call) { $0.appendPath(entry: call.path.dentry, mount: call.path.mnt) }
}

@section("?fmod_ret/security_move_mount")
func moveMount(_ call: FunctionExit.security_move_mount) -> LSMVerdict {
  write(call) { $0.appendPath(entry: call.to_path.dentry, mount: call.to_path.mnt) }
}

@section("?fmod_ret/security_sb_umount")
func unmount(_ call: FunctionExit.security_sb_umount) -> LSMVerdict {
  write(call) { $0.appendPath(entry: call.mnt.mnt_root, mount: call.mnt) }
}
