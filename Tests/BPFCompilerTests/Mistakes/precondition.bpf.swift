// Mistake: precondition
import BPFKernel

let license = License.gpl

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  precondition(context.interfaceIndex != 0, "no interface")  // here
  return .pass
}
