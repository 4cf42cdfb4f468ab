// SPDX-License-Identifier: Apache-2.0
import BPF
import MeropsModel

/// Reports what processes do to each other, to their own rights, and to the kernel.
struct ActSensor: Sensor {
  let eventClass = EventClass.kernel
  let reports: [SensorReport]
  private let object: Acts
  private let hasHook: Bool
  private let hasModules: Bool

  var collection: BPFCollection { object.collection }
  var objects: [(name: String, collection: BPFCollection)] { [("acts", collection)] }

  init(_ options: SensorOptions, _ maps: SharedMaps) throws {
    let loaded = try Acts.load(withFirstOf: [["onCredentials"]], maps.hooks) { opened, _ in
      try maps.share(with: opened.collection)
      try maps.calls.share(with: opened.collection)
    }
    object = loaded.object
    hasHook = loaded.refusal == nil
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
    try maps.calls.add(object.onModuleCall.program(), as: CallProgram.moduleLoad)

    let calls = CallDispatcher.hook
    let thirtyTwo = CallDispatcher.missing
    reports = [
      SensorReport(
        sensor: "process.credentials", hook: hasHook ? "fentry/commit_creds" : calls,
        missing: loaded.refusal.map {
          "rights that change without a system call, as by an exploit, and \(thirtyTwo): the kernel refuses fentry "
            + "programs (\($0))"
        }),
      SensorReport(sensor: "process.signal", hook: "tp_btf/signal_generate"),
      SensorReport(
        sensor: "process.ptrace, process.memory_write", hook: calls,
        missing: "\(thirtyTwo); in a PID namespace the target is the number that the caller gave"),
      SensorReport(
        sensor: "module.load", hook: hasModules ? "raw_tp/module_load, \(calls)" : calls,
        missing: hasModules ? thirtyTwo : "\(thirtyTwo); names of modules: this kernel has no loadable modules"),
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

  /// ptrace, process_vm_writev, bpf, init_module, finit_module.
  static var ofActs: [(number: UInt32, call: SystemCall)] {
    #if arch(x86_64)
      let numbers: (trace: UInt32, write: UInt32, bpf: UInt32, module: UInt32, file: UInt32) = (101, 311, 321, 175, 313)
    #else
      let numbers: (trace: UInt32, write: UInt32, bpf: UInt32, module: UInt32, file: UInt32) = (117, 271, 280, 105, 273)
    #endif
    var ofFile = SystemCall(CallProgram.moduleLoad, .moduleLoad)
    ofFile.descriptor = 0
    return [
      (numbers.trace, SystemCall(CallProgram.trace, .processTrace)),
      (numbers.write, SystemCall(CallProgram.memoryWrite, .processMemoryWrite)),
      (numbers.bpf, SystemCall(CallProgram.bpf, .bpfLoad)),
      (numbers.module, SystemCall(CallProgram.moduleLoad, .moduleLoad)),
      (numbers.file, ofFile),
    ]
  }
}
