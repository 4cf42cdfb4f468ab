// Mistake: no license
import BPFKernel

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction { .drop }  // here
