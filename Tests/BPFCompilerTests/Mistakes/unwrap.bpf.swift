// Mistake: a null pointer that is unwrapped by force
import BPFKernel

let license = License.gpl
var counts = HashMap<UInt32, UInt64>(maxEntries: 16)

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  counts.pointer(to: 1)!.pointee += 1  // here
  return .pass
}
