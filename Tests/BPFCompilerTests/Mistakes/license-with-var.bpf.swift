// Mistake: a license that is a variable
import BPFKernel

var license = License.gpl  // here

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction { .pass }
