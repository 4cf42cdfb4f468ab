// Mistake: too many arguments of a subprogram
import BPFKernel

let license = License.gpl

@inline(never)
func mix(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64, _ f: UInt64) -> UInt64 {  // here
  a ^ b &* c ^ d &* e ^ f
}

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  let n = UInt64(context.interfaceIndex)
  return mix(n, n + 1, n + 2, n + 3, n + 4, UInt64(context.length)) > 100 ? .pass : .drop
}
