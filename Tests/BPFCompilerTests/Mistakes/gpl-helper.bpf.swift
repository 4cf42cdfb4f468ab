// Mistake: a helper for GPL programs only
import BPFKernel

let license = License.proprietary
var first: UInt64 = 0

@section("raw_tp/sys_enter")
func entered(_ context: RawTracepoint) -> Int32 {
  first = readKernel(UInt64.self, at: UnsafeRawPointer(bitPattern: UInt(context.word(0)))) ?? 0  // here
  return 0
}
