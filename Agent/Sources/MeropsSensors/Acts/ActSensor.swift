// SPDX-License-Identifier: Apache-2.0
import BPF
import Glibc
import MeropsModel

/// Reports what processes do to each other, to their own rights, and to the kernel.
struct ActSensor: Sensor {
  let eventClass = EventClass.kernel
  let reports: [SensorReport]
  private let object: Acts
  private let hasHook: Bool
  private let hasModules: Bool

  var collection: BPFCollection { object.collection }

  init(_ options: SensorOptions, _ maps: SharedMaps) throws {
    let load = { (withHook: Bool) throws -> Acts in
      let opened = try Acts.open()
      try maps.share(with: opened.collection)
      try maps.calls.share(with: opened.collection)
      opened.globals.ownProcess = UInt32(bitPattern: getpid())
      try opened.collection.setAutoload(withHook, of: "onCredentials")
      return try opened.load()
    }
    var refusal: String?
    do {
      object = try load(true)
    } catch {
      refusal = "\(error)"
      object = try load(false)
    }
    hasHook = refusal == nil
    // A kernel without loadable modules has no such tracepoint.
    do {
      try object.onModule.attach().detach()
      hasModules = true
    } catch {
      hasModules = false
    }

    if !hasHook { try maps.calls.add(SystemCall.ofCredentials) }
    try maps.calls.add(SystemCall.ofActs)
    try maps.calls.add(object.onCredentialsCall.program(), as: CallProgram.credentials)
    try maps.calls.add(object.onTraceCall.program(), as: CallProgram.trace)
    try maps.calls.add(object.onMemoryWriteCall.program(), as: CallProgram.memoryWrite)
    try maps.calls.add(object.onBPFCall.program(), as: CallProgram.bpf)

    let calls = "raw_tp/sys_exit"
    let thirtyTwo = "the calls of 32-bit programs"
    reports = [
      SensorReport(
        sensor: "process.credentials", hook: hasHook ? "fentry/commit_creds" : calls,
        missing: refusal.map {
          "rights that change without a system call, as by an exploit, and \(thirtyTwo): the kernel does not allow fentry "
            + "programs (\($0.split(separator: "\n")[0]))"
        }),
      SensorReport(sensor: "process.signal", hook: "tp_btf/signal_generate"),
      SensorReport(
        sensor: "process.ptrace, process.memory_write", hook: calls,
        missing: "\(thirtyTwo); in a PID namespace the target is the number that the caller gave"),
      SensorReport(
        sensor: "module.load", hook: hasModules ? "raw_tp/module_load" : nil,
        missing: hasModules ? nil : "this kernel has no loadable modules, or does not report them"),
      SensorReport(
        sensor: "bpf.load, bpf.attach, bpf.map", hook: calls,
        missing: "programs attached by netlink, ioctl or setsockopt, and \(thirtyTwo)"),
    ]
  }

  func attach(_ links: LinkSet) throws {
    links.keep(try object.onSignal.attach(), as: object.onSignal.name)
    if hasHook { links.keep(try object.onCredentials.attach(), as: object.onCredentials.name) }
    if hasModules { links.keep(try object.onModule.attach(), as: object.onModule.name) }
  }
}

extension SystemCall {
  /// The system calls that change a process's rights. Source: arch/x86/entry/syscalls/syscall_64.tbl, scripts/syscall.tbl.
  static var ofCredentials: [(number: UInt32, call: SystemCall)] {
    #if arch(x86_64)
      // setuid, setgid, setreuid, setregid, setresuid, setresgid, capset
      let numbers: [UInt32] = [105, 106, 113, 114, 117, 119, 126]
    #elseif arch(arm64)
      let numbers: [UInt32] = [146, 144, 145, 143, 147, 149, 91]
    #else
      let numbers: [UInt32] = []
    #endif
    return numbers.map { ($0, SystemCall(CallProgram.credentials, .processCredentials)) }
  }

  /// ptrace, process_vm_writev, bpf.
  static var ofActs: [(number: UInt32, call: SystemCall)] {
    #if arch(x86_64)
      let numbers: (trace: UInt32, write: UInt32, bpf: UInt32) = (101, 311, 321)
    #else
      let numbers: (trace: UInt32, write: UInt32, bpf: UInt32) = (117, 271, 280)
    #endif
    return [
      (numbers.trace, SystemCall(CallProgram.trace, .processTrace)),
      (numbers.write, SystemCall(CallProgram.memoryWrite, .processMemoryWrite)),
      (numbers.bpf, SystemCall(CallProgram.bpf, .bpfLoad)),
    ]
  }
}
