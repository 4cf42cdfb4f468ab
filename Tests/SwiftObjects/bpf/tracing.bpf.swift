// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var first: UInt64 = 0
var second: UInt64 = 0
var result: UInt64 = 0
var thread: UInt32 = 0
var paths = ArrayMap<Paths>(maxEntries: 1)

struct Paths {
  var cut: FixedString<16>
  var whole: FixedString<64>
}

@section("uprobe")
func called(_ context: Registers) -> Int32 {
  guard thread == CurrentThread.threadID else { return 0 }
  first = context.argument(0)
  second = context.argument(1)
  return context.instructionPointer == 0 || context.stackPointer == 0 ? 1 : 0
}

@section("uretprobe")
func returned(_ context: Registers) -> Int32 {
  guard thread == CurrentThread.threadID else { return 0 }
  result = context.result
  return 0
}

@section("perf_event")
func sampled(_ context: PerfEvent) -> Int32 {
  first = context.samplePeriod &+ context.registers.instructionPointer &+ context.address
  return 0
}

@section("tracepoint/syscalls/sys_enter_openat")
func opening(_ context: SystemCallEntry) -> Int32 {
  guard thread == CurrentThread.threadID else { return 0 }
  paths.withValue(0) { paths in
    paths.cut.readUser(from: context.pointerArgument(1))
    paths.whole.readUser(from: context.pointerArgument(1))
    second = (paths.cut.isCut ? 1 : 0) &+ (paths.whole.isCut ? 2 : 0)
  }
  first = context.argument(2)
  return 0
}

@section("tracepoint/syscalls/sys_exit_openat")
func opened(_ context: SystemCallExit) -> Int32 {
  guard thread == CurrentThread.threadID else { return 0 }
  result = UInt64(bitPattern: context.result)
  return 0
}

@section("tracepoint/sched/sched_switch")
func switched(_ record: TracepointRecord) -> Int32 {
  second = UInt64(truncatingIfNeeded: record.field(Int32.self, at: 24))
  return 0
}

@section("raw_tp/sys_enter")
func entered(_ context: RawTracepoint) -> Int32 {
  let registers = SavedRegisters(raw: context.pointer(0))
  second = registers.systemCallArgument(0) &+ registers.systemCallArgument(3)
  return 0
}

@section("tp_btf/sched_process_exec")
func executed(_ context: FunctionArguments) -> Int32 {
  first = context.word(1)
  if CurrentThread.command.equals("true") && CurrentThread.userID == 0 { second = Clock.monotonic }
  printk("%d of %d runs", CurrentThread.threadID, CurrentThread.processID)
  return 0
}

@section("iter/task")
func list(_ context: IteratorItem) -> IteratorVerdict {
  guard context.item != nil else { return .next }
  if context.number == 0 { context.print("first\n") }
  context.print("%d %d %d\n", context.number, -1, 3)
  return .next
}

@section("netfilter")
func hooked(_ context: NetfilterContext) -> NetfilterVerdict {
  context.withDynamicPointer { view in
    view.load(UInt8.self, at: 9) == IPProtocol.udp.rawValue ? NetfilterVerdict.drop : .pass
  } ?? .pass
}

@section("syscall")
func run(_ context: SystemCallProgram) -> Int32 {
  let number: UInt64 = context.load()
  context.store(number &+ 1)
  return 3
}
