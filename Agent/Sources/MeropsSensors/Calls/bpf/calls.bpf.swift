// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Where a system call ends: the one program that every call pays for. Calls that a sensor wants go on with its program.
import BPFKernel

let license = License.dualBSDGPL

// This object is loaded first: its maps are those of all others.
var events = RingBuffer<EventHeader>(bytes: 1 << 23)
var counters = PerCPUArray<ClassCounts>(maxEntries: 8)
/// Whose places are in `CallProgram`.
var programs = ProgramArray(maxEntries: 16)
/// What to do at the end of which system call, by its number.
var calls = ArrayMap<SystemCall>(maxEntries: 512)

@section("raw_tp/sys_exit")
func onCall(_ context: RawTracepoint) -> Int32 {
  let registers = SavedRegisters(raw: context.pointer(0))
  guard let index = bounded(UInt32(truncatingIfNeeded: registers.systemCallNumber), below: 512),
    let call = calls.pointer(to: index)
  else { return 0 }
  let program = call.pointee.program
  if program == 0 { return 0 }
  // A 32-bit program's numbers mean other calls (TS_COMPAT).
  if thread_info.exists.status, task_struct.Probed.current.thread_info.status & 2 != 0 { return 0 }
  programs.tailCall(UInt32(program), context)
  return 0
}
