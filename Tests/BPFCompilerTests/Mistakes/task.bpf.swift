// Mistake: a Task
import BPFKernel

let license = License.gpl
var packets: UInt64 = 0

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  Task { packets += 1 }  // here
  return .pass
}
