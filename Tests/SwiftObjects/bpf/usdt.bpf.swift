// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
// swift-format-ignore: AlwaysUseLowerCamelCase
var __bpf_usdt_specs = USDTSpecifications(maxEntries: 64)
var hits: UInt64 = 0
var cookie: UInt64 = 0
var first: Int64 = 0
var second: Int64 = 0
var third: Int64 = 0

@section("usdt")
func onProbe(_ context: UserProbe) -> Int32 {
  hits &+= 1
  first = context.argument(0, of: &__bpf_usdt_specs) ?? -1
  second = context.argument(1, of: &__bpf_usdt_specs) ?? -1
  third = context.argument(2, of: &__bpf_usdt_specs) ?? -1
  cookie = context.userCookie(&__bpf_usdt_specs)
  return 0
}
