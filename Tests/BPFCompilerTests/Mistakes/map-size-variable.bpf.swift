// Mistake: a map whose size is a variable
import BPFKernel

let license = License.gpl
var size: UInt32 = 16
var counts = HashMap<UInt32, UInt64>(maxEntries: size)  // here

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  counts.add(1, to: context.interfaceIndex)
  return .pass
}
