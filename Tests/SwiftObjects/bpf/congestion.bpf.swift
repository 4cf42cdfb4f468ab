// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A TCP congestion control: the kernel's Reno, which counts what happens. Sockets have it that ask for it.
import BPFKernel

let license = License.gpl

var meropsSwift = StructOps.tcp_congestion_ops.Table(name: "merops_swift")

var acknowledged: UInt64 = 0
var losses: UInt64 = 0
var undone: UInt64 = 0

@section("struct_ops/ssthresh")
func threshold(_ call: StructOps.tcp_congestion_ops.ssthresh) -> UInt32 {
  atomicAdd(1, to: &losses)
  let window = tcp_sock(raw: call.argument0.raw).snd_cwnd >> 1
  return window < 2 ? 2 : window
}

@section("struct_ops/undo_cwnd")
func undo(_ call: StructOps.tcp_congestion_ops.undo_cwnd) -> UInt32 {
  atomicAdd(1, to: &undone)
  let socket = tcp_sock(raw: call.argument0.raw)
  return max(socket.snd_cwnd, socket.prior_cwnd)
}

@section("struct_ops/cong_avoid")
func avoid(_ call: StructOps.tcp_congestion_ops.cong_avoid) {
  atomicAdd(UInt64(call.argument2), to: &acknowledged)
  tcp_reno_cong_avoid(call.argument0, call.argument1, call.argument2)
}
