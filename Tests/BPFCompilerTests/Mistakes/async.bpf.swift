// Mistake: async
import BPFKernel

let license = License.gpl

func isLong(_ length: UInt32) async -> Bool { length > 100 }  // here

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  .pass
}
