// Mistake: forgot a bounds check
import BPFKernel

let license = License.gpl
var sums = ArrayMap<InlineArray<16, UInt64>>(maxEntries: 1)

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  let index = Int(context.receiveQueue)
  sums.withValue(0) { $0[index] += 1 }  // here
  return .pass
}
