// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Which file an open really opened: its path as the kernel has it, whatever links and relative names led there.
//
// Where an open returns, the new descriptor leads to the file, the file to its directory entry, and that to its parents,
// over the borders of mounted file systems. The names come out last one first.
import BPFKernel

let license = License.dualBSDGPL

struct OpenEvent {
  var pid: UInt32
  var flags: UInt32
  /// Names in `names`.
  var depth: UInt32
  /// The path has more names than there is room for.
  var isCut: Bool
  var command: FixedString<16>
  var names: InlineArray<16, FixedString<64>>
}

var opens = RingBuffer<OpenEvent>(bytes: 1 << 20)
var lost: UInt64 = 0
/// Only this process and its children's opens; 0 for all. Set before the load.
@section(".rodata") var onlyParent: Int32 = 0

/// `container_of`: the kernel hands out a `vfsmount`, which lies inside a `mount`.
func mountAround(_ inner: vfsmount.Probed) -> mount.Probed {
  mount.Probed(inner.pointer - mount.offset.mnt)
}

@section("tracepoint/syscalls/sys_exit_openat")
func onReturn(_ call: SystemCallExit) -> Int32 {
  let descriptor = call.result
  guard descriptor >= 0 else { return 0 }
  let task = task_struct.Probed.current
  if onlyParent != 0 && task.tgid != onlyParent && task.real_parent.tgid != onlyParent { return 0 }
  let opened = task.files.fdt.fd[Int(descriptor)]
  let isSent = opens.send { event in
    event.pid = CurrentThread.processID
    event.flags = opened.f_flags
    event.command.readCommand()
    readPath(of: opened, into: &event)
  }
  if !isSent { atomicAdd(1, to: &lost) }
  return 0
}

func readPath(of opened: file.Probed, into event: inout OpenEvent) {
  var entry = opened.f_path.dentry
  var inner = opened.f_path.mnt
  // Each round writes the name that has its number: the verifier then sees the same state whichever way a round went.
  for round in 0..<16 {
    if entry == inner.mnt_root {
      // The root of a mounted file system: on with the directory that it is mounted on.
      let here = mountAround(inner)
      let parent = here.mnt_parent
      event.depth = UInt32(round)
      event.isCut = false
      if parent == here { return }
      entry = here.mnt_mountpoint
      inner = vfsmount.Probed(parent.pointer + mount.offset.mnt)
    }
    event.names[round].readKernel(from: entry.d_name.name)
    entry = entry.d_parent
  }
  event.depth = 16
  event.isCut = true
}
