// Mistake: a value too large for the stack
import BPFKernel

let license = License.gpl
struct Page { var bytes: InlineArray<4096, UInt8> }
var pages = HashMap<UInt32, Page>(maxEntries: 16)

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  if let page = pages[1] {
    pages[2] = page  // here
  }
  return .pass
}
