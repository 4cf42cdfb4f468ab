// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var port: UInt16 = 0
var address: UInt32 = 0
var six = InlineArray<16, UInt8>(repeating: 0)
@section("tp_btf/inet_sock_set_state")
func onState(_ context: BTFTracepoint.inet_sock_set_state) -> Int32 {
  if context.newstate != TCP_ESTABLISHED { return 0 }
  let sk = context.sk
  port = UInt16(bigEndian: sk.__sk_common.skc_dport)
  address = sk.__sk_common.skc_daddr
  sk.__sk_common.skc_v6_daddr.in6_u.u6_addr8.read(into: &six)
  return 0
}
