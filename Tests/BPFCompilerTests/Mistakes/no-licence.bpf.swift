// Mistake: no licence
import BPFKernel

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction { .drop }  // here
