// Mistake: a helper that this type of program may not call
import BPFKernel

let license = License.gpl
var events = PerfEventArray<UInt64>()

@section("cgroup/dev")
func opened(_ context: DeviceAccess) -> CgroupVerdict {
  var stack: (UInt64, UInt64) = (0, 0)
  let status = context.readStack(into: &stack, bytes: 16)  // here
  return status.succeeded ? .allow : .deny
}
