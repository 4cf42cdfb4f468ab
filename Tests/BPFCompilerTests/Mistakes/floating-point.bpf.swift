// Mistake: floating-point numbers
import BPFKernel

let license = License.gpl
var total: UInt64 = 0

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  let share = Double(context.length) * 0.1  // here
  total += UInt64(share)
  return .pass
}
