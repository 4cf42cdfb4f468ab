// Mistake: a class
import BPFKernel

let license = License.gpl
final class Counter { var value: UInt64 = 0 }
@inline(never) func isHigh(_ counter: Counter) -> Bool { counter.value > 3 }

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  let counter = Counter()  // here
  counter.value += UInt64(context.interfaceIndex)
  return isHigh(counter) ? .pass : .drop
}
