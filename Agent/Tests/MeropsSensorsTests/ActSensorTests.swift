// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import MeropsSensors
import Testing

/// What processes do to each other, to their rights and to the kernel.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct ActSensorTests {
  private func events(_ script: String) throws -> [Event] {
    var options = SensorOptions()
    options.classes = [.process, .kernel]
    let watch = try Watch(options)
    let process = Foundation.Process()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = [
      "-c",
      """
      import os, ctypes, signal, struct, platform
      libc = ctypes.CDLL(None, use_errno=True)
      # Whoever starts the tests may ignore or block signals.
      signal.signal(signal.SIGTERM, signal.SIG_DFL)
      signal.pthread_sigmask(signal.SIG_SETMASK, [])
      number = lambda x86, arm: x86 if platform.machine() == 'x86_64' else arm
      def sleeper():
        child = os.fork()
        if child == 0: signal.pause(); os._exit(0)
        return child

      """ + script,
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let pid = UInt32(bitPattern: process.processIdentifier)
    return try watch.finish().filter { $0.process.key.pid == pid || $0.process.parent?.key.pid == pid }
  }

  @Test func signals() throws {
    let events = try events(
      """
      child = sleeper()
      os.kill(child, signal.SIGTERM)
      os.waitpid(child, 0)
      os.kill(os.getpid(), signal.SIGCHLD)
      """)
    let child = try #require(events.last { $0.kind == .processFork }).process
    let signals = events.filter { $0.kind == .processSignal }
    #expect(signals.count == 1)
    let event = try #require(signals.first)
    #expect(event[.signalNumber] == .uint(15))
    #expect(event[.targetID] == .uint(UInt64(child.key.pid)))
    #expect(event[.targetStart] == .uint(child.key.start))
  }

  @Test func rights() throws {
    let events = try events(
      """
      child = os.fork()
      if child == 0:
        os.setresgid(1, 2, 3)
        os.setresuid(4, 5, 6)
        os.execv('/bin/true', ['true'])
      os.waitpid(child, 0)
      """)
    let changes = events.filter { $0.kind == .processCredentials }
    #expect(changes.map { $0[.newGroup] } == [.uint(2), .uint(2)])
    #expect(changes.map { $0[.newUser] } == [.uint(0), .uint(5)])
    #expect(changes.last?[.newCapabilities] == .uint(0))
    let exec = try #require(events.last { $0.kind == .processExec })
    #expect(exec[.processUser] == .uint(5) && exec[.processRealUser] == .uint(4))
  }

  @Test func otherProcessesMemory() throws {
    let events = try events(
      """
      child = sleeper()
      assert libc.ptrace(0x4206, child, None, None) == 0
      libc.ptrace(0x4206, 0x3ffffff, None, None)
      word = ctypes.create_string_buffer(8)
      class Vector(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('count', ctypes.c_size_t)]
      place = Vector(ctypes.addressof(word), 8)
      assert libc.process_vm_writev(child, ctypes.byref(place), 1, ctypes.byref(place), 1, 0) == 8
      os.kill(child, signal.SIGKILL)
      os.waitpid(child, 0)
      """)
    let child = try #require(events.last { $0.kind == .processFork }).process
    let traces = events.filter { $0.kind == .processTrace }
    #expect(traces.map { $0[.traceRequest] } == [.uint(0x4206), .uint(0x4206)])
    #expect(traces.map { $0[.eventError] } == [nil, .uint(3)])
    #expect(traces.first?[.targetID] == .uint(UInt64(child.key.pid)))
    let writes = events.filter { $0.kind == .processMemoryWrite }
    #expect(writes.map { $0[.targetID] } == [.uint(UInt64(child.key.pid))])
    #expect(writes.first?[.eventError] == nil)
  }

  /// A module that the kernel takes, and three that it refuses: loaded already, by its text, and no module at all. A kernel
  /// without modules refuses each, and has no name of any.
  @Test func modules() throws {
    let isGuest = ProcessInfo.processInfo.environment["MEROPS_GUEST"] != nil
    // The first process of a guest has the modules.
    let file = isGuest ? "/proc/1/root/modules/dummy.ko" : "/bin/true"
    let events = try events(
      """
      file = os.open('\(file)', os.O_RDONLY)
      load, loadFile, remove = number(175, 105), number(313, 273), number(176, 106)
      libc.syscall(remove, b'dummy', 0)
      libc.syscall(loadFile, file, b'', 0)
      libc.syscall(loadFile, file, b'', 0)
      libc.syscall(load, b'text', 4, b'')
      """)
    let loads = events.filter { $0.kind == .moduleLoad }
    let name = URL(filePath: file).lastPathComponent
    let errors = loads.map { $0[.eventError] }
    #expect(loads.map { $0[.moduleName] } == [.text(isGuest ? "dummy" : Text(name)), .text(Text(name)), nil])
    if isGuest {
      #expect(errors == [nil, .uint(17), .uint(8)])
    } else {
      #expect(errors.allSatisfy { $0 != nil })
    }
  }

  @Test func theKernelsOwnPrograms() throws {
    let events = try events(
      """
      call = number(321, 280)
      def bpf(command, attributes):
        buffer = ctypes.create_string_buffer(attributes, 128)
        return libc.syscall(call, command, buffer, 128)
      map = bpf(0, struct.pack('IIII', 2, 4, 8, 1) + b'\\0' * 12 + b'merops_map\\0')
      assert map >= 0, ctypes.get_errno()
      code = ctypes.create_string_buffer(struct.pack('<QQ', 0xb7, 0x95))
      license = ctypes.create_string_buffer(b'GPL')
      program = bpf(5, struct.pack('IIQQIIQII', 1, 2, ctypes.addressof(code), ctypes.addressof(license), 0, 0, 0, 0, 0)
                    + b'merops_prog\\0')
      assert program >= 0, ctypes.get_errno()
      assert bpf(5, struct.pack('IIQQ', 1, 2, 1, 1)) < 0
      """)
    let loads = events.filter { $0.kind == .bpfLoad }
    #expect(loads.map { $0[.bpfName] } == [.text("merops_prog"), nil])
    #expect(loads.map { $0[.bpfType] } == [.uint(1), .uint(1)])
    #expect(loads.map { $0[.eventError] == nil } == [true, false])
    if case .uint(let id)? = loads.first?[.bpfID] { #expect(id > 0) } else { Issue.record("no id") }
    let maps = events.filter { $0.kind == .bpfMap }
    #expect(maps.map { $0[.bpfName] } == [.text("merops_map")])
    #expect(maps.map { $0[.bpfType] } == [.uint(2)])
  }
}
