// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import BTF
import Foundation
import TestSupport
import Testing

@testable import BPF

/// Programs on the kernel's own functions, which every process of the machine calls.
@Suite(.requires(.root), .requires(.ownKernel)) struct KernelFunctionTests {
  /// A function that stat(2) calls and that no kernel has inlined there, unlike vfs_getattr.
  private static let called = "security_inode_getattr"

  @Test func functionEntryAndExit() throws {
    let collection = try load("fentry", only: ["on_entry", "on_exit"]) { collection in
      try collection.setGlobal("only_process", to: UInt32(getpid()))
      try collection.setAttachTarget(of: "on_entry", to: Self.called)
    }
    let entry = try collection.program("on_entry").attach()
    let exit = try collection.program("on_exit").attach()
    var status = stat()
    for counter in ["entries", "exits"] {
      #expect(eventually { (try? collection.rise(of: counter) { _ = stat("/proc", &status) }) ?? 0 > 0 })
    }
    try entry.detach()
    try exit.detach()
    #expect(eventually { (try? collection.rise(of: "entries") { _ = stat("/proc", &status) }) == 0 })
  }

  @Test func changedResult() throws {
    let collection = try loadForThisThread("fmod_ret")
    var status = stat()
    do {
      let link = try collection.program("on_getattr").attach()
      #expect(eventually { stat("/proc", &status) == -1 && errno == EPERM })
      try link.detach()
    }
    #expect(try collection.counter("changed") > 0)
    #expect(eventually { stat("/proc", &status) == 0 })
  }

  static let securityModule = Requirement("bpf is not among this kernel's security modules") {
    (try? String(contentsOfFile: "/sys/kernel/security/lsm", encoding: .utf8))?.contains("bpf") == true
  }

  @Test(.requires(securityModule)) func securityHook() throws {
    let path = FileManager.default.temporaryDirectory.path + "/merops-lsm-\(UUID().uuidString)"
    try Data("x".utf8).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    var status = stat()
    #expect(stat(path, &status) == 0)
    let inode = UInt32(truncatingIfNeeded: status.st_ino)
    let collection = try load("lsm") { collection in
      try collection.setGlobal("only_thread", to: threadID())
      try collection.setGlobal("only_inode", to: inode)
    }
    let link = try collection.program("on_open").attach()
    #expect(Foundation.open(path, O_RDONLY) == -1)
    #expect(try collection.counter("denied") == 1)
    try link.detach()
    #expect(
      eventually {
        let file = Foundation.open(path, O_RDONLY)
        defer { close(file) }
        return file >= 0
      })
  }

  @Test func replacedFunction() throws {
    let target = try load("freplace_target")
    #expect(try target.run("dispatcher") == 2)
    let replacement = try load("freplace") { collection in
      try collection.setAttachTarget(of: "replacement", to: "replaceable", in: target.program("dispatcher"))
    }
    let link = try replacement.program("replacement").attach()
    #expect(try target.run("dispatcher") == 1)
    #expect(try replacement.counter("replaced") == 1)
    try link.detach()
    #expect(try eventually { try target.run("dispatcher") == 2 })
  }

  @Test func kernelProbes() throws {
    let collection = try loadForThisThread("kprobe", only: ["on_entry", "on_return"])
    let entry = try collection.program("on_entry").attach(to: .kprobe(function: Self.called))
    let exit = try collection.program("on_return").attach(to: .kretprobe(function: Self.called))
    var status = stat()
    for counter in ["entries", "returns"] {
      #expect(eventually { (try? collection.rise(of: counter) { _ = stat("/proc", &status) }) ?? 0 > 0 })
    }
    try entry.detach()
    try exit.detach()
    #expect(eventually { (try? collection.rise(of: "entries") { _ = stat("/proc", &status) }) == 0 })
  }

  @Test func systemCallProbe() throws {
    let collection = try loadForThisThread("kprobe", only: ["on_getpgid"])
    let link = try collection.program("on_getpgid").attach()
    #expect(
      try eventually {
        _ = getpgid(4321)
        return try collection.counter("last_argument") == 4321
      })
    try link.detach()
  }

  @Test(.requires(kernel: "5.18"), .requires(.config("FPROBE")))
  func manyKernelFunctions() throws {
    let collection = try loadForThisThread("kprobe_multi", only: ["on_entry"])
    let link = try collection.program("on_entry").attach()
    var status = stat()
    #expect(eventually { (try? collection.rise(of: "hits") { _ = stat("/proc", &status) }) ?? 0 > 0 })
    try link.detach()
    let named = Hook.KprobeMulti([Self.called], cookies: [5])
    let again = try collection.program("on_entry").attach(to: .kprobeMulti(named))
    #expect(
      try eventually {
        _ = stat("/proc", &status)
        return try collection.counter("cookie") == 5
      })
    try again.detach()
  }

  @Test(.works(from: "6.10"), .requires(.config("FPROBE"))) func session() throws {
    let collection = try loadForThisThread("kprobe_multi", only: ["on_both"])
    let link = try collection.program("on_both").attach(to: .kprobeMulti(Hook.KprobeMulti([Self.called])))
    var status = stat()
    #expect(try collection.rises("session", by: 2) { _ = stat("/proc", &status) })
    try link.detach()
    #expect(eventually { (try? collection.rise(of: "session") { _ = stat("/proc", &status) }) == 0 })
  }

  /// One program at the entry of functions that are named when it is attached, each with a cookie.
  @Test(.works(from: "7.2")) func manyTypedFunctions() throws {
    let counter = try MappedCounter()
    let program = try counter.program(.tracing, .traceFentryMulti)
    let functions = [Self.called, "security_file_open"]
    let link = try program.attach(to: .typedMulti(functions: functions, cookies: [5, 6]))
    var status = stat()
    #expect(
      try eventually {
        _ = stat("/proc", &status)
        return try counter.value() > 0
      })
    let info = try link.info()
    let types = try KernelTypes.current().vmlinux
    #expect(info.type == .tracingMulti)
    #expect(info.attachType == .traceFentryMulti)
    // The kernel sorts them.
    let found = Dictionary(
      uniqueKeysWithValues: zip(info.typeIDs.map { types.name(TypeID(rawValue: $0)) }, info.cookies))
    #expect(found == [Self.called: 5, "security_file_open": 6])
    #expect(info.addresses.count == 2)
    try link.detach()
    #expect(
      try eventually {
        let before = try counter.value()
        _ = stat("/proc", &status)
        return try counter.value() == before
      })
  }
}

/// A program that counts its runs in an array, without an object file.
private final class MappedCounter {
  private let map: Map<UInt32, UInt64>

  init() throws { map = try Map(creating: .array, maxEntries: 1) }

  func program(_ type: ProgramType, _ attachType: AttachType) throws -> Program {
    let code =
      Instruction.loadMapValue(.r1, descriptor: map.map.fd, offset: 0) + [
        .move(.r2, 1), .atomic(.add, .r2, at: .r1, 0, size: .doubleWord), .move(.r0, 0), .exit,
      ]
    var program = PreparedProgram(type, name: "counter", instructions: code)
    program.attachType = attachType
    return try program.load()
  }

  func value() throws -> UInt64 { try map.get(0) ?? 0 }
}
