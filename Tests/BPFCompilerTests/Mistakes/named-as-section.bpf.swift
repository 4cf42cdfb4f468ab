// Mistake: a function called as its section is
import BPFKernel

let license = License.gpl

@section("xdp")
func xdp(_ context: XDPContext) -> XDPAction { .pass }  // here
