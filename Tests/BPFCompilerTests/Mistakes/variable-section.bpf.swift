// Mistake: a misspelled section of a variable
import BPFKernel

let license = License.gpl
@section(".rodate") var limit: UInt32 = 100  // here

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  context.length > limit ? .pass : .drop
}
