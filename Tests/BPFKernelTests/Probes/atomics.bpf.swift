// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var large: UInt64 = 5
var small: UInt32 = 0

@section("xdp")
func fetch(_ context: XDPContext) -> XDPAction {
  guard atomicFetchAdd(2, to: &large) == 5 else { return .aborted }
  guard atomicCompareExchange(9, in: &small, expecting: 0) == 0 else { return .aborted }
  guard atomicExchange(1, in: &large) == 7 else { return .aborted }
  guard atomicFetchOr(6, in: &large) == 1, atomicFetchAnd(3, in: &large) == 7 else { return .aborted }
  atomicFetchAdd(1, to: &small)
  return .pass
}
