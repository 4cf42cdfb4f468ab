// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What processes do to each other, to their own rights, and to the kernel.
import BPFKernel

let license = License.dualBSDGPL

var events = RingBuffer<ActRecord>(bytes: 1 << 23)
var counters = PerCPUArray<ClassCounts>(maxEntries: 8)
var programs = ProgramArray(maxEntries: 16)
var calls = ArrayMap<SystemCall>(maxEntries: 512)

/// - Parameter isNeeded: whether user space has to know of it also where no event is made of it.
@inline(__always)
func send(_ class: UInt32, _ kind: UInt32, isNeeded: Bool = false, _ fill: (inout ActRecord) -> Void) {
  counters.count(`class`) { counts in
    let isLeftOut = isCallerOwnOrLeftOut() || counts.isOverLimit(`class`)
    if isLeftOut && !isNeeded { return nil }
    let isSent = events.send(wakeup: wakeup) { record in
      record.header.begin(kind, flags: isLeftOut ? RecordFlags.isLeftOut : 0, counts)
      record.targetStart = 0
      record.number = 0
      record.target = 0
      record.first = 0
      record.second = 0
      record.third = 0
      record.error = 0
      record.realUser = 0
      record.realGroup = 0
      record.savedUser = 0
      record.name.bytes[0] = 0
      fill(&record)
    }
    return isLeftOut ? nil : isSent
  }
}

@inline(__always)
func setError(_ record: inout ActRecord, _ result: Int64) {
  if result < 0 { record.error = UInt32(truncatingIfNeeded: 0 &- result) }
}

extension ActRecord {
  @inline(__always)
  mutating func setRights(_ new: cred.Probed) {
    first = new.euid.val
    second = new.egid.val
    realUser = new.uid.val
    realGroup = new.gid.val
    savedUser = new.suid.val
    number = readKernel(at: new.pointer + cred.offset.cap_effective) ?? 0
  }
}

@section("tp_btf/signal_generate")
func onSignal(_ context: BTFTracepoint.signal_generate) -> Int32 {
  let target = context.task
  // 0 stands for a plain signal of the caller, 1 for one of the kernel; else a structure says where it is from.
  let info = UInt(context.word(1))
  if info == 1 || UInt32(truncatingIfNeeded: target.tgid) == CurrentThread.processID { return 0 }
  if info > 1 {
    let code = kernel_siginfo.Probed(UnsafeRawPointer(bitPattern: info).unsafelyUnwrapped).si_code
    // SI_USER, SI_QUEUE, SI_TKILL: kill(2), sigqueue(3), tgkill(2). Others are the kernel's, timers' for one.
    if code != 0 && code != -1 && code != -6 { return 0 }
  }
  let number = UInt32(truncatingIfNeeded: context.sig)
  send(CountedClass.process, 5) { record in
    record.target = UInt32(truncatingIfNeeded: target.tgid)
    record.targetStart = target.group_leader.start_boottime
    record.first = number
    record.name.readKernel(from: target.comm.address)
  }
  return 0
}

@section("?fentry/commit_creds")
func onCredentials(_ context: FunctionEntry.commit_creds) -> Int32 {
  let new = context.new
  let old = task_struct.Probed.current.real_cred
  let capabilities: UInt64 = readKernel(at: new.pointer + cred.offset.cap_effective) ?? 0
  let before: UInt64 = readKernel(at: old.pointer + cred.offset.cap_effective) ?? 0
  if new.euid.val == old.euid.val && new.egid.val == old.egid.val && new.uid.val == old.uid.val
    && new.gid.val == old.gid.val && new.suid.val == old.suid.val && capabilities == before
  {
    return 0
  }
  // In the course of an exec: its event has the rights of the new program.
  if task_struct.Probed.current.in_execve != 0 { return 0 }
  send(CountedClass.process, 4, isNeeded: true) { $0.setRights(new.probed) }
  return 0
}

/// The system calls that change rights, where the kernel's own function cannot be watched.
@section("raw_tp/sys_exit")
func onCredentialsCall(_ context: RawTracepoint) -> Int32 {
  if Int64(bitPattern: context.word(1)) != 0 { return 0 }
  let new = task_struct.Probed.current.real_cred
  send(CountedClass.process, 4, isNeeded: true) { $0.setRights(new) }
  return 0
}

@section("raw_tp/sys_exit")
func onTraceCall(_ context: RawTracepoint) -> Int32 {
  let registers = SavedRegisters(raw: context.pointer(0))
  let request = registers.systemCallArgument(0)
  // PTRACE_ATTACH, PTRACE_SEIZE: what follows is between the two.
  if request != 16 && request != 0x4206 { return 0 }
  send(CountedClass.process, 6) { record in
    record.number = request
    record.target = UInt32(truncatingIfNeeded: registers.systemCallArgument(1))
    setError(&record, Int64(bitPattern: context.word(1)))
  }
  return 0
}

@section("raw_tp/sys_exit")
func onMemoryWriteCall(_ context: RawTracepoint) -> Int32 {
  let registers = SavedRegisters(raw: context.pointer(0))
  send(CountedClass.process, 7) { record in
    record.target = UInt32(truncatingIfNeeded: registers.systemCallArgument(0))
    setError(&record, Int64(bitPattern: context.word(1)))
  }
  return 0
}

/// Modules that their threads are loading: the kernel knows their names.
var modules = HashMap<UInt32, FixedString<56>>(maxEntries: 256)

/// Kernels without modules have no such tracepoint: by its name, and not by its type.
@section("raw_tp/module_load")
func onModule(_ context: RawTracepoint) -> Int32 {
  let loaded = module.Probed(UnsafeRawPointer(bitPattern: UInt(context.word(0))).unsafelyUnwrapped)
  modules.withValue(CurrentThread.threadID, default: FixedString()) { $0.readKernel(from: loaded.name.address) }
  return 0
}

/// init_module(2), finit_module(2): a module that the kernel refused has the name of its file, if that.
@section("raw_tp/sys_exit")
func onModuleCall(_ context: RawTracepoint) -> Int32 {
  let registers = SavedRegisters(raw: context.pointer(0))
  guard let call = calls.call(of: registers) else { return 0 }
  let thread = CurrentThread.threadID
  send(CountedClass.kernel, 96) { record in
    setError(&record, Int64(bitPattern: context.word(1)))
    if let name = modules.pointer(to: thread) {
      record.name = name.pointee
    } else if call.descriptor != SystemCall.none {
      record.name.readKernel(from: opened(registers.argument(call.descriptor)).f_path.dentry.d_name.name)
    }
  }
  modules.delete(thread)
  return 0
}

/// What a descriptor of this process stands for.
@inline(__always)
func object(of descriptor: UInt64) -> UnsafeRawPointer { opened(descriptor).private_data }

@section("raw_tp/sys_exit")
func onBPFCall(_ context: RawTracepoint) -> Int32 {
  let registers = SavedRegisters(raw: context.pointer(0))
  let command = UInt32(truncatingIfNeeded: registers.systemCallArgument(0))
  guard let attributes = UnsafeRawPointer(bitPattern: UInt(registers.systemCallArgument(1))) else { return 0 }
  let result = Int64(bitPattern: context.word(1))
  switch command {
  case 0:  // BPF_MAP_CREATE
    send(CountedClass.kernel, 99) { record in
      record.first = command
      record.second = readUser(at: attributes) ?? 0
      record.name.readUser(from: attributes + 28)
      setError(&record, result)
      if result >= 0 { record.number = UInt64(bpf_map.Probed(object(of: UInt64(bitPattern: result))).id) }
    }
  case 5:  // BPF_PROG_LOAD
    send(CountedClass.kernel, 97) { record in
      record.first = command
      record.second = readUser(at: attributes) ?? 0
      record.third = readUser(at: attributes + 68) ?? 0
      record.name.readUser(from: attributes + 48)
      setError(&record, result)
      if result >= 0 { record.number = UInt64(bpf_prog.Probed(object(of: UInt64(bitPattern: result))).aux.id) }
    }
  case 8, 17, 28:  // BPF_PROG_ATTACH, BPF_RAW_TRACEPOINT_OPEN, BPF_LINK_CREATE
    let place = command == 8 ? 4 : command == 17 ? 8 : 0
    let program: UInt32 = readUser(at: attributes + place) ?? 0
    send(CountedClass.kernel, 98) { record in
      record.first = command
      setError(&record, result)
      let attached = bpf_prog.Probed(object(of: UInt64(program)))
      record.second = attached.type
      record.third = attached.expected_attach_type
      record.number = UInt64(attached.aux.id)
      record.name.readKernel(from: attached.aux.name.address)
    }
  default: break
  }
  return 0
}
