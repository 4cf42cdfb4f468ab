// Mistake: a map inside a function
import BPFKernel

let license = License.gpl

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  var counts = HashMap<UInt32, UInt64>(maxEntries: 16)  // here
  counts.add(1, to: context.interfaceIndex)
  return .pass
}
