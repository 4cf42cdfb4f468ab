// Mistake: an atomic that version 2 of the instruction set does not have
import BPFKernel

let license = License.gpl
var armed: UInt32 = 0

@section("raw_tp/sched_switch")
func switched(_ context: RawTracepoint) -> Int32 {
  atomicCompareExchange(1, in: &armed, expecting: 0) == 0 ? 1 : 0  // here
}
