// Mistake: the context of another hook
import BPFKernel

let license = License.gpl

@section("xdp")
func filter(_ context: SocketBuffer) -> XDPAction {  // here
  context.length > 100 ? .pass : .drop
}
