// Mistake: a closure that is returned
import BPFKernel

let license = License.gpl

@inline(never) func limit(_ n: UInt32) -> (UInt32) -> Bool { { $0 > n } }  // here

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  limit(context.interfaceIndex)(context.length) ? .pass : .drop
}
