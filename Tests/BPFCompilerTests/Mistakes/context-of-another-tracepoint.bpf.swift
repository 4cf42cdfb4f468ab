// Mistake: the context of another tracepoint
import BPFKernel

let license = License.gpl
var last: UInt32 = 0

@section("tp_btf/block_rq_issue")
func issued(_ context: BTFTracepoint.sched_process_exit) -> Int32 {  // here
  last = context.p.flags
  return 0
}
