// Mistake: a variable with a computed initial value
import BPFKernel

let license = License.gpl
var started: UInt64 = kernelSeconds()  // here
func kernelSeconds() -> UInt64 { now() / 1_000_000_000 }
@inline(never) func now() -> UInt64 { lost }
var lost: UInt64 = 0

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  started == 0 ? .drop : .pass
}
