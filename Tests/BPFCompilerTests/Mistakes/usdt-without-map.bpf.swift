// Mistake: a USDT program without the map of specifications
import BPFKernel

let license = License.gpl
var hits: UInt64 = 0

@section("usdt/libstdc++.so.6:libstdcxx:throw")
func thrown(_ context: UserProbe) -> Int32 {  // here
  hits += 1
  return 0
}
