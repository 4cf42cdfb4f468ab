// Mistake: a map of strings
import BPFKernel

let license = License.gpl
var counts = HashMap<String, UInt64>(maxEntries: 16)  // here

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  counts.add(1, to: "eth0")
  return .pass
}
