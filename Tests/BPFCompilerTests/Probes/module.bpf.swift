// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var sent: UInt64 = 0
var isThere: UInt32 = 0
@section("fentry/veth_xmit")
func onSend(_ context: FunctionEntry.veth_xmit) -> Int32 {
  if veth_priv.exists.peer, veth_priv.size > 0 { isThere = 1 }
  sent &+= UInt64(context.skb.len)
  return 0
}
