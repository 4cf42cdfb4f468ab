// Mistake: signed division
import BPFKernel

let license = License.gpl
var total: Int32 = 0
var divisor: Int32 = 7

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  total = Int32(bitPattern: context.interfaceIndex) / divisor  // here
  return .pass
}
