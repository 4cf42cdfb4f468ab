// Mistake: a bounds check that lets too much pass
import BPFKernel

let license = License.gpl
var sizes = PerCPUArray<InlineArray<64, UInt8>>(maxEntries: 1)

@section("raw_tp/sys_enter")
func entered(_ context: RawTracepoint) -> Int32 {
  guard let buffer = sizes.pointer(to: 0) else { return 0 }
  let count = context.word(1)
  buffer.pointee[Int(count & 127)] = 0  // here
  return 0
}
