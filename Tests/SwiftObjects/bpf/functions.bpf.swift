// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Hooks in the kernel's functions by position, without its types; only what the chosen process does is counted.
import BPFKernel

let license = License.gpl
/// Set before the load.
@section(".rodata") var onlyProcess: UInt32 = 0
var entries: UInt64 = 0
var answers: UInt64 = 0
var calls: UInt64 = 0

var isChosen: Bool { CurrentThread.processID == onlyProcess }

@section("fentry/do_sys_openat2")
func enter(_ context: FunctionArguments) -> Int32 {
  if isChosen && context.pointer(1) != nil { atomicAdd(1, to: &entries) }
  return 0
}

/// Counts what is not there: ENOENT is 2. The function gives an `int` from 7.x on, of which the upper half says nothing.
@section("fexit/do_sys_openat2")
func leave(_ context: FunctionArguments) -> Int32 {
  if isChosen && Int32(truncatingIfNeeded: context.result(after: 3)) == -2 { atomicAdd(1, to: &answers) }
  return 0
}

@section("kprobe/do_sys_openat2")
func probed(_ context: Registers) -> Int32 {
  if isChosen && context.argument(1) != 0 { atomicAdd(1, to: &calls) }
  return 0
}

@section("lsm/file_open")
func opening(_ context: FunctionArguments) -> LSMVerdict {
  guard context.pointer(0) != nil else { return .deny(.accessDenied) }
  return context.word(1) == 0 ? .allow : LSMVerdict(rawValue: Int32(truncatingIfNeeded: context.word(1)))
}
