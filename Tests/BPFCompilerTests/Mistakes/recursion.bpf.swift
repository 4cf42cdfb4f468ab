// Mistake: recursion
import BPFKernel

let license = License.gpl

@inline(never) func factorial(_ n: UInt64) -> UInt64 {  // here
  n < 2 ? 1 : n * factorial(n - 1)
}

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  factorial(UInt64(context.interfaceIndex)) > 100 ? .pass : .drop
}
