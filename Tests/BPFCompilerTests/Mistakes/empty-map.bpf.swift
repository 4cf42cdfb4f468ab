// Mistake: a map without entries
import BPFKernel

let license = License.gpl
var counts = HashMap<UInt32, UInt64>(maxEntries: 0)  // here

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  counts.add(1, to: context.interfaceIndex)
  return .pass
}
