// Mistake: a map declared with `let`
import BPFKernel

let license = License.gpl
let counts = HashMap<UInt32, UInt64>(maxEntries: 16)

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  counts.add(1, to: context.interfaceIndex)  // here
  return .pass
}
