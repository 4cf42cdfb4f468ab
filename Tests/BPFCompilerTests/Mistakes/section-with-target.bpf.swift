// Mistake: a target where none belongs
import BPFKernel

let license = License.gpl

@section("xdp/eth0")
func filter(_ context: XDPContext) -> XDPAction { .drop }  // here
