// Mistake: no verdict
import BPFKernel

let license = License.gpl
var packets: UInt64 = 0

@section("xdp")
func filter(_ context: XDPContext) {  // here
  packets += 1
}
