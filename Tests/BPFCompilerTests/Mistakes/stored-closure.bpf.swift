// Mistake: a closure in a variable
import BPFKernel

let license = License.gpl
var rule: (UInt32) -> Bool = { $0 > 100 }

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  rule(context.length) ? .pass : .drop  // here
}
