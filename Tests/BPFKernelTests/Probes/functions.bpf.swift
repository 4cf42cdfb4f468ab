// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var entries: UInt64 = 0
var answers: Int64 = 0
var calls: UInt64 = 0

@section("fentry/do_unlinkat")
func enter(_ context: FunctionArguments) -> Int32 {
  if context.pointer(1) != nil { entries &+= 1 }
  return 0
}

@section("fexit/do_unlinkat")
func leave(_ context: FunctionArguments) -> Int32 {
  answers = context.result(after: 2)
  return 0
}

@section("kprobe/do_unlinkat")
func probed(_ context: Registers) -> Int32 {
  if context.argument(1) != 0 { calls &+= 1 }
  return 0
}

@section("lsm/file_open")
func opening(_ context: FunctionArguments) -> LSMVerdict {
  guard context.pointer(0) != nil else { return .deny(.accessDenied) }
  return context.word(1) == 0 ? .allow : LSMVerdict(rawValue: Int32(truncatingIfNeeded: context.word(1)))
}
