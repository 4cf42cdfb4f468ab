// Mistake: the verdict of another hook
import BPFKernel

let license = License.gpl

@section("xdp")
func filter(_ context: XDPContext) -> TrafficAction { .drop }  // here
