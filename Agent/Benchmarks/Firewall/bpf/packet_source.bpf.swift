// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Packets of many sources, out of an interface: what a machine is flooded with.
import BPFKernel

let license = License.dualBSDGPL

/// The interface that they leave by.
@section(".rodata") var interface: UInt32 = 0
/// How many sources, of which each packet gets one by chance, and the first of them; they are 13 apart.
@section(".rodata") var count: UInt32 = 1
@section(".rodata") var first: UInt32 = 0

@section("xdp")
func flood(_ context: XDPContext) -> XDPAction {
  var packet = context.packet
  guard packet.ethernet() != nil else { return .drop }
  let place = packet.mark
  let source = IPv4Address(hostOrder: first &+ randomNumber() % count &* 13)
  guard packet.modify(IPv4Header.self, at: place, { $0.setSource(source) }) else { return .drop }
  return redirect(to: interface)
}

@section("xdp")
func passAll(_ context: XDPContext) -> XDPAction { .pass }

@section("xdp")
func dropAll(_ context: XDPContext) -> XDPAction { .drop }
