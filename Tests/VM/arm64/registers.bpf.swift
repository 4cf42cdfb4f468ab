// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What the kernel and a C library on arm64 pass in registers. `run` opens files by `cat`, and makes bpftool read a number.
import BPFKernel

let license = License.gpl

/// The name of a file, and the numbers that came with it.
struct Call {
  var name: FixedString<32>
  var numbers: InlineArray<3, Int64>
}

/// By ``Place``.
var calls = ArrayMap<Call>(maxEntries: 8)

enum Place {
  static var functionEntry: UInt32 { 0 }
  static var functionReturn: UInt32 { 1 }
  static var systemCall: UInt32 { 2 }
  static var systemCallStart: UInt32 { 3 }
  static var systemCallEnd: UInt32 { 4 }
  static var userEntry: UInt32 { 5 }
  static var userReturn: UInt32 { 6 }
  static var trampoline: UInt32 { 7 }
}

var isChosen: Bool { CurrentThread.command.equals("cat") }

func note(_ place: UInt32, _ name: UInt64, _ first: UInt64, _ second: UInt64, _ third: UInt64 = 0) {
  calls.withValue(place) { call in
    if name != 0 { call.name.readUser(from: UnsafeRawPointer(bitPattern: UInt(name))) }
    call.numbers[0] = Int64(bitPattern: first)
    call.numbers[1] = Int64(bitPattern: second)
    call.numbers[2] = Int64(bitPattern: third)
  }
}

// long do_sys_openat2(int dfd, const char __user *filename, struct open_how *how)
@section("kprobe/do_sys_openat2")
func entered(_ registers: Registers) -> Int32 {
  guard isChosen else { return 0 }
  let isSane =
    registers.instructionPointer != 0 && registers.stackPointer != 0 && registers.framePointer != 0
    && registers.argument(2) > registers.argument(1)
  note(Place.functionEntry, registers.argument(1), registers.argument(0), isSane ? 1 : 0)
  return 0
}

@section("kretprobe/do_sys_openat2")
func returned(_ registers: Registers) -> Int32 {
  if isChosen { note(Place.functionReturn, 0, registers.result, 0) }
  return 0
}

@section("fexit/do_sys_openat2")
func passed(_ call: FunctionArguments) -> Int32 {
  if isChosen { note(Place.trampoline, call.word(1), call.word(0), call.word(3)) }
  return 0
}

// long __arm64_sys_openat(const struct pt_regs *regs)
@section("ksyscall/openat")
func called(_ registers: Registers) -> Int32 {
  guard isChosen else { return 0 }
  let saved = SavedRegisters(raw: OpaquePointer(bitPattern: UInt(registers.argument(0))))
  note(Place.systemCall, saved.systemCallArgument(1), saved.systemCallArgument(0), saved.systemCallArgument(2))
  return 0
}

@section("raw_tp/sys_enter")
func started(_ context: RawTracepoint) -> Int32 {
  guard isChosen && context.word(1) == 56 else { return 0 }  // openat
  let saved = SavedRegisters(raw: context.pointer(0))
  note(Place.systemCallStart, saved.systemCallArgument(1), saved.systemCallArgument(0), saved.instructionPointer)
  return 0
}

@section("raw_tp/sys_exit")
func ended(_ context: RawTracepoint) -> Int32 {
  guard isChosen else { return 0 }
  let saved = SavedRegisters(raw: context.pointer(0))
  guard saved.systemCallArgument(0) == UInt64(bitPattern: -100) else { return 0 }  // AT_FDCWD: an openat
  note(Place.systemCallEnd, saved.systemCallArgument(1), saved.systemCallArgument(0), context.word(1))
  return 0
}

// unsigned long strtoul(const char *text, char **end, int base)
@section("uprobe//usr/lib/aarch64-linux-gnu/libc.so.6:__isoc23_strtoul")
func parsing(_ registers: Registers) -> Int32 {
  note(Place.userEntry, registers.argument(0), registers.argument(2), 0)
  return 0
}

@section("uretprobe//usr/lib/aarch64-linux-gnu/libc.so.6:__isoc23_strtoul")
func parsed(_ registers: Registers) -> Int32 {
  note(Place.userReturn, 0, registers.result, 0)
  return 0
}

@section("lsm/file_open")
func guarded(_ call: LSM.file_open) -> Int32 {
  var name = FixedString<16>()
  name.readKernel(from: call.file.f_path.dentry.d_name.name)
  return isChosen && name.equals("denied") ? -1 : 0
}
