// Mistake: a record too large to be cleared at once
import BPFKernel

let license = License.gpl
struct Event { var bytes: InlineArray<8192, UInt8> }
var events = RingBuffer<Event>(bytes: 65536)

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  events.send { $0 = Event(bytes: InlineArray(repeating: 0)) }  // here
  return .pass
}
