// Mistake: an address of the kernel that is read directly
import BPFKernel

let license = License.gpl
var first: UInt64 = 0

@section("raw_tp/sys_enter")
func entered(_ context: RawTracepoint) -> Int32 {
  first = UnsafePointer<UInt64>(bitPattern: UInt(context.word(0))).unsafelyUnwrapped.pointee  // here
  return 0
}
