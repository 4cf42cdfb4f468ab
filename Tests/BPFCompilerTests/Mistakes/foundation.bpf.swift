// Mistake: a module that the kernel does not have
import BPFKernel
import Foundation  // here

let license = License.gpl

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction { .pass }
