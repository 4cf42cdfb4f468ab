// Mistake: forgot to check where the packet ends
import BPFKernel
import CBPFKernel

let license = License.gpl

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  let start = UnsafeRawPointer(bitPattern: UInt(xdp_md_data(context.raw))).unsafelyUnwrapped
  return start.load(fromByteOffset: 12, as: UInt16.self) == 8 ? .pass : .drop  // here
}
