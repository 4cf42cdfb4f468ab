// Mistake: print
import BPFKernel

let license = License.gpl

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  print("a packet")  // here
  return .pass
}
