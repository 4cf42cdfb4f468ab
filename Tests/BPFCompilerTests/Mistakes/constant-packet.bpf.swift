// Mistake: a packet's cursor declared with `let`
import BPFKernel

let license = License.gpl

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  let packet = context.packet
  guard packet.ethernet() != nil else { return .drop }  // here
  return .pass
}
