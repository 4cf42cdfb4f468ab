// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Where policies decide. Each program reads which bank counts, once, and goes on with that bank's program
// for its hook. What stands behind a tail call runs if the slot is empty: it denies.
//
// Each hook is loaded by itself, with slots of its own: a program array belongs to the first program's type, and on newer
// kernels to the function that it is attached to.
import BPFKernel

let license = License.dualBSDGPL

/// The number of the policy set that counts; its lowest bit is the bank.
var generation: UInt32 = 0
/// The agent, which rules leave out where they could end what enforces them: its process id, and when it began, in hundredths
/// of a second since boot. An id alone may be another process's one day.
var agent: UInt32 = 0
var agentStart: UInt64 = 0

/// Where policies are in force, for hooks that belong to no cgroup: a cgroup's id, and how deep it lies. Level 0 is everywhere.
@section(".rodata") var scope: UInt64 = 0
@section(".rodata") var scopeLevel: UInt32 = 0

/// `SlotLayout` of MeropsEnforcement: what decides, of both banks; what it goes on with.
var slots = ProgramArray(maxEntries: 6)

@section("?cgroup/connect4")
func connect4(_ context: SocketAddress) -> CgroupVerdict { decide(context) }

@section("?cgroup/connect6")
func connect6(_ context: SocketAddress) -> CgroupVerdict { decide(context) }

@section("?cgroup/sendmsg4")
func send4(_ context: SocketAddress) -> CgroupVerdict { decide(context) }

@section("?cgroup/sendmsg6")
func send6(_ context: SocketAddress) -> CgroupVerdict { decide(context) }

@section("?cgroup/bind4")
func bind4(_ context: SocketAddress) -> CgroupVerdict { decide(context) }

@section("?cgroup/bind6")
func bind6(_ context: SocketAddress) -> CgroupVerdict { decide(context) }

@inline(__always)
func decide(_ context: SocketAddress) -> CgroupVerdict {
  slots.tailCall(generation & 1, context)
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

@section("?tp_btf/sched_process_exec")
func exec(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  guard isInScope() else { return 0 }
  slots.tailCall(generation & 1, context)
  CurrentThread.sendSignal(9)
  return 0
}

/// All hooks of security modules: which one, and whether as a module or by the function that asks the modules, is chosen when
/// it is loaded. The arguments are the same.
@section("?fmod_ret/security_file_open")
func security(_ context: FunctionArguments) -> LSMVerdict {
  guard isInScope(), !isAgent() else { return .allow }
  slots.tailCall(generation & 1, context)
  return .deny
}

@inline(__always)
func isAgent() -> Bool {
  if CurrentThread.processID != agent { return false }
  return task_struct.Probed.current.group_leader.start_boottime / 10_000_000 == agentStart
}
