// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// How often each user calls execve.
import BPFKernel

let license = License.gpl

var calls = HashMap<UInt32, UInt64>(maxEntries: 1024)
var lost: UInt64 = 0

@section("tracepoint/syscalls/sys_enter_execve")
func countExecve(_ context: SystemCallEntry) -> Int32 {
  if !calls.add(1, to: CurrentThread.userID) { atomicAdd(1, to: &lost) }
  return 0
}
