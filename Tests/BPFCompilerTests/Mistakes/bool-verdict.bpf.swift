// Mistake: a truth value as the verdict
import BPFKernel

let license = License.gpl

@section("xdp")
func filter(_ context: XDPContext) -> Bool {  // here
  context.length > 100
}
