// Mistake: more than 512 bytes of stack
import BPFKernel

let license = License.gpl
struct Names { var bytes: InlineArray<600, UInt8> }
var names = HashMap<UInt32, Names>(maxEntries: 16)

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  var value = Names(bytes: InlineArray(repeating: 0))
  value.bytes[0] = 1
  names[1] = value  // here
  return .pass
}
