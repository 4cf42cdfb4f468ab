// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// How long system calls take, as a histogram of powers of two of nanoseconds.
import BPFKernel

let license = License.gpl

var entered = HashMap<UInt32, UInt64>(maxEntries: 10240)
var histogram = PerCPUArray<UInt64>(maxEntries: 64)

@section("raw_tp/sys_enter")
func enter(_ context: RawTracepoint) -> Int32 {
  entered[CurrentThread.threadID] = Clock.monotonic
  return 0
}

@section("raw_tp/sys_exit")
func leave(_ context: RawTracepoint) -> Int32 {
  let thread = CurrentThread.threadID
  guard let start = entered[thread] else { return 0 }
  histogram.add(1, to: log2(Clock.monotonic - start))
  entered.delete(thread)
  return 0
}
