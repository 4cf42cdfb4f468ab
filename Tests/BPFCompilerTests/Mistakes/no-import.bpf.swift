// Mistake: forgot `import BPFKernel`
let license = License.gpl  // here

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction { .pass }
