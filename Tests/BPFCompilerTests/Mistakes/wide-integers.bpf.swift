// Mistake: numbers of 128 bits
import BPFKernel

let license = License.gpl
var product: UInt64 = 0

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  let wide = UInt128(context.length) * UInt128(context.receiveQueue) * UInt128(product)  // here
  product = UInt64(truncatingIfNeeded: wide >> 64)
  return .pass
}
