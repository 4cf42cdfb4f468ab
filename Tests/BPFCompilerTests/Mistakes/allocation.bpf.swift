// Mistake: memory from a heap
import BPFKernel

let license = License.gpl
var total: UInt64 = 0

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  let buffer = UnsafeMutablePointer<UInt64>.allocate(capacity: Int(context.length))  // here
  buffer[3] = 1
  total = buffer[Int(context.receiveQueue)]
  buffer.deallocate()
  return .pass
}
