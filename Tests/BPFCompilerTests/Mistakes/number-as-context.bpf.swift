// Mistake: something else than a context as the argument
import BPFKernel

let license = License.gpl

@section("xdp")
func filter(_ length: UInt32) -> XDPAction {  // here
  length > 100 ? .pass : .drop
}
