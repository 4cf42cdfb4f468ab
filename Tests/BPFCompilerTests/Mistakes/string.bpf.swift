// Mistake: a String
import BPFKernel

let license = License.gpl
var total: UInt64 = 0

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  let text = "interface \(context.interfaceIndex)"  // here
  total += UInt64(text.utf8.count)
  return .pass
}
