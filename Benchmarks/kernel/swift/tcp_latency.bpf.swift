// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// How long TCP connections take to be established, as a histogram of powers of two of microseconds.
import BPFKernel

let license = License.gpl

var started = HashMap<sock, UInt64>(maxEntries: 10240)
var histogram = ArrayMap<UInt64>(maxEntries: 32)

@section("tp_btf/inet_sock_set_state")
func stateChanged(_ context: BTFTracepoint.inet_sock_set_state) -> Int32 {
  let socket = context.sk
  switch TCPState(rawValue: context.newstate) {
  case .synSent:
    started[socket] = Clock.monotonic
  case .established where TCPState(rawValue: context.oldstate) == .synSent:
    guard let start = started[socket] else { return 0 }
    histogram.add(1, to: min(log2((Clock.monotonic - start) / 1000), 31))
    started.delete(socket)
  case .closed:
    started.delete(socket)
  default: break
  }
  return 0
}
