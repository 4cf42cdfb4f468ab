// Mistake: a packet's cursor that moves in a `forEach`
import BPFKernel

let license = License.gpl
var sum: UInt64 = 0

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  forEach(from: 0, to: 40) { _ in
    guard let byte = packet.read(UInt8.self) else { return false }  // here
    sum += UInt64(byte)
    return true
  }
  return .pass
}
