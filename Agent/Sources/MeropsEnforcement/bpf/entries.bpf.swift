// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Where policies decide. Each program reads which bank counts, once, and goes on with that bank's program
// for its hook. What stands behind a tail call runs if the slot is empty: it denies.
import BPFKernel

let license = License.dualBSDGPL

/// The number of the policy set that counts; its lowest bit is the bank.
var generation: UInt32 = 0

/// Where policies are in force, for hooks that belong to no cgroup: a cgroup's id, and how deep it lies. Level 0 is everywhere.
@section(".rodata") var scope: UInt64 = 0
@section(".rodata") var scopeLevel: UInt32 = 0

// A program array belongs to the first program's attach type on newer kernels: each hook has its own.
var connect4Slots = ProgramArray(maxEntries: 2)
var connect6Slots = ProgramArray(maxEntries: 2)
var send4Slots = ProgramArray(maxEntries: 2)
var send6Slots = ProgramArray(maxEntries: 2)
var bind4Slots = ProgramArray(maxEntries: 2)
var bind6Slots = ProgramArray(maxEntries: 2)
var execSlots = ProgramArray(maxEntries: 2)

@section("cgroup/connect4")
func connect4(_ context: SocketAddress) -> CgroupVerdict {
  connect4Slots.tailCall(generation & 1, context)
  return .deny
}

@section("cgroup/connect6")
func connect6(_ context: SocketAddress) -> CgroupVerdict {
  connect6Slots.tailCall(generation & 1, context)
  return .deny
}

@section("cgroup/sendmsg4")
func send4(_ context: SocketAddress) -> CgroupVerdict {
  send4Slots.tailCall(generation & 1, context)
  return .deny
}

@section("cgroup/sendmsg6")
func send6(_ context: SocketAddress) -> CgroupVerdict {
  send6Slots.tailCall(generation & 1, context)
  return .deny
}

@section("cgroup/bind4")
func bind4(_ context: SocketAddress) -> CgroupVerdict {
  bind4Slots.tailCall(generation & 1, context)
  return .deny
}

@section("cgroup/bind6")
func bind6(_ context: SocketAddress) -> CgroupVerdict {
  bind6Slots.tailCall(generation & 1, context)
  return .deny
}

/// Whether the running process is in the scope's cgroup or below. Linux before 5.11 has no helper for that here.
@inline(__always)
func isInScope() -> Bool {
  if scopeLevel == 0 { return true }
  var group = task_struct.Probed.current.cgroups.dfl_cgrp
  for _ in 0..<32 {
    if UInt32(truncatingIfNeeded: group.level) <= scopeLevel { break }
    // A cgroup starts with its own state (`self`), which points to that of the parent.
    guard let parent = readKernel(UnsafeRawPointer?.self, at: group.pointer + cgroup_subsys_state.offset.parent),
      let above = parent
    else { return false }
    group = cgroup.Probed(above)
  }
  return group.kn.id == scope
}

@section("tp_btf/sched_process_exec")
func exec(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  guard isInScope() else { return 0 }
  execSlots.tailCall(generation & 1, context)
  CurrentThread.sendSignal(9)
  return 0
}
