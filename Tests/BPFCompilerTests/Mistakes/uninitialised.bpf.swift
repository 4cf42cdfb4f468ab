// Mistake: a variable that is read before it is set
import BPFKernel

let license = License.gpl

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  var port: UInt16
  if context.interfaceIndex == 1 { port = 80 }
  return port == 80 ? .drop : .pass  // here
}
