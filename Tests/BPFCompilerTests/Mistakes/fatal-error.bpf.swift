// Mistake: fatalError
import BPFKernel

let license = License.gpl

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  if context.interfaceIndex == 0 { fatalError("no interface") }  // here
  return .pass
}
