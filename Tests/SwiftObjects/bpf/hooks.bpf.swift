// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Hooks in the kernel's own functions; only what the chosen thread does is counted.
import BPFKernel

let license = License.gpl

/// Set before the load.
@section(".rodata") var onlyThread: UInt32 = 0
/// The inode that may not be opened; 0 for none.
@section(".rodata") var deniedInode: UInt64 = 0

var entries: UInt64 = 0
var exits: UInt64 = 0
var probes: UInt64 = 0
var denials: UInt64 = 0

var isChosen: Bool { CurrentThread.threadID == onlyThread }

@section("fentry/security_file_open")
func onEntry(_ call: FunctionEntry.security_file_open) -> Int32 {
  if isChosen && !call.file.isNull { atomicAdd(1, to: &entries) }
  return 0
}

@section("fexit/security_file_open")
func onExit(_ call: FunctionExit.security_file_open) -> Int32 {
  if isChosen && call.result == 0 { atomicAdd(1, to: &exits) }
  return 0
}

@section("kprobe/security_file_open")
func onProbe(_ registers: Registers) -> Int32 {
  if isChosen { atomicAdd(1, to: &probes) }
  return 0
}

@section("lsm/file_open")
func onOpen(_ call: LSM.file_open) -> Int32 {
  guard isChosen && deniedInode != 0 && call.file.f_inode.i_ino == deniedInode else { return 0 }
  atomicAdd(1, to: &denials)
  return -1
}
