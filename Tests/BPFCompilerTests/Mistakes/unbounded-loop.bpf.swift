// Mistake: a loop without a bound
import BPFKernel

let license = License.gpl
var rounds: UInt64 = 0

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  var rest = context.length
  while rest != 1 {  // here
    rest = rest & 1 == 0 ? rest >> 1 : rest * 3 + 1
    rounds += 1
  }
  return .pass
}
