// Mistake: an enumeration with raw values in a map
import BPFKernel

let license = License.gpl
enum Action: UInt32 {
  case created = 10
  case renamed = 20
  case removed = 30
}
var last = ArrayMap<Action>(maxEntries: 1)  // here

@section("raw_tp/sched_switch")
func switched(_ context: RawTracepoint) -> Int32 {
  last[0] = .removed
  return 0
}
