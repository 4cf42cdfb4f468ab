// Mistake: a wrong section name
import BPFKernel

let license = License.gpl

@section("xpd")
func filter(_ context: XDPContext) -> XDPAction { .drop }  // here
