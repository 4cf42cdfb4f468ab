// Mistake: no section
import BPFKernel

let license = License.gpl

func filter(_ context: XDPContext) -> XDPAction { .drop }  // here
