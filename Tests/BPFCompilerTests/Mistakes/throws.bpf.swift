// Mistake: an error of any type
import BPFKernel

let license = License.gpl
enum Problem: Error { case short }

func check(_ length: UInt32) throws {
  if length < 60 { throw Problem.short }  // here
}

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  do { try check(context.length) } catch { return .drop }
  return .pass
}
