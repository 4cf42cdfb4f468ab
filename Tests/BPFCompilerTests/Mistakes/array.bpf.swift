// Mistake: an Array
import BPFKernel

let license = License.gpl
var total: UInt64 = 0

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  var seen: [UInt32] = []
  seen.append(context.interfaceIndex)  // here
  total += UInt64(seen.count)
  return .pass
}
