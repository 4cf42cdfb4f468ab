// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The path of each program that is executed, leaf first: a name and a zero byte for each directory.
import BPFKernel

let license = License.gpl

struct Header {
  var process: UInt32
}

var record = ByteBuilder<4096>()
var events = RingBuffer<Header>(bytes: 1 << 22)

@section("tp_btf/sched_process_exec")
func onExec(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
  record.build { bytes in
    bytes.append(Header(process: UInt32(context.p.tgid)))
    bytes.appendPath(of: context.bprm.file)
    events.send(bytes)
  }
  return 0
}
