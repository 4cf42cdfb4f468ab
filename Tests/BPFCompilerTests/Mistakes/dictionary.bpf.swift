// Mistake: a Dictionary
import BPFKernel

let license = License.gpl
var counts: [UInt32: UInt64] = [:]  // here

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  counts[context.interfaceIndex] = 1
  return .pass
}
