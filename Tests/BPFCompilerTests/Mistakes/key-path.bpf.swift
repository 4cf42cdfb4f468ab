// Mistake: a key path
import BPFKernel

let license = License.gpl
struct Point { var x: UInt32 }
var point = Point(x: 0)
func pick(_ queue: UInt32) -> WritableKeyPath<Point, UInt32> { queue == 0 ? \.x : \.x }  // here

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  point[keyPath: pick(context.receiveQueue)] += 1
  return .pass
}
