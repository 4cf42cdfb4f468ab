// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import BTF
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import BPFCompiler

/// Probes that name kernel types, compiled with the types of the kernel that runs, and loaded into it.
@Suite(.requires(.root), .requires(.kernelBTF), .requires(.command("swiftc"))) struct KernelProbeTests {
  private static let objects = Mutex<[String: [UInt8]]>([:])

  /// The object of a probe in `Probes/`.
  private func object(_ name: String) throws -> [UInt8] {
    try Self.objects.withLock { objects in
      if let object = objects[name] { return object }
      let root = FileManager.default.currentDirectoryPath
      let cache = access("\(root)/.build", W_OK) == 0 ? "\(root)/.build/kernel-side" : NSTemporaryDirectory()
      let compiler = ProbeCompiler(toolchain: try Toolchain.find(), kernelSide: "\(root)/Sources", cache: cache)
      let object = try compiler.compile("Tests/BPFCompilerTests/Probes/\(name).bpf.swift", root: root)
      objects[name] = object
      return object
    }
  }

  private func load(_ name: String, _ change: (Collection) throws -> Void = { _ in }) throws -> Collection {
    let collection = try Collection(bytes: try object(name), name: name)
    try change(collection)
    try collection.load()
    return collection
  }

  static let probes: [(name: String, since: TestSupport.KernelVersion)] = [
    ("record", "5.10"), ("files", "5.10"), ("socket", "5.10"), ("bits", "5.10"), ("questions", "5.17"),
    ("exec", "5.11"), ("arrays", "5.10"), ("functions", "6.2"), ("flavors", "6.2"),
  ]

  @Test(arguments: probes.filter { TestSupport.KernelVersion.running >= $0.since }.map(\.name))
  func verifies(probe: String) throws {
    let collection = try load(probe)
    for program in collection.programs { #expect(try program.info().translatedSize > 0) }
  }

  /// Function tracing and LSM programs, on kernels that have them.
  @Test(.requires(.ownKernel), .requires(kernel: "5.10")) func hooksVerify() throws {
    let collection = try load("hooks")
    #expect(collection.programs.count == 2)
  }

  @Test func aTracepointReadsTheProcess() throws {
    let probe = try load("exec") { try $0.setGlobal("wanted", to: getpid()) }
    let report = try probe.attachAll()
    #expect(report.attached.count == 1)
    try Shell.check(["/bin/sleep", "0"])
    #expect(try probe.global("parent", as: Int32.self) == getpid())
    #expect(try probe.global("parentProbed", as: Int32.self) == getpid())
    let process = try probe.global("process", as: Int32.self)
    #expect(process > 1)
    #expect(try probe.global("current", as: Int32.self) == process)
    let name = try probe.global("name", as: InlineArray<16, UInt8>.self)
    #expect((0..<6).map { name[$0] } == Array("sleep\0".utf8))
    probe.detachAll()
  }

  @Test func everyKindOfRelocationIsThere() throws {
    let spec = try ObjectSpec(bytes: try object("questions"))
    let kinds = try Set(spec.programs.flatMap { try $0.linked().core.map(\.record.kind) })
    #expect(kinds == Set(COREKind.allCases))
  }

  /// The types in the object are those of the probe and the fields that it reads, wherever the kernel has them.
  @Test func theObjectHoldsOnlyWhatIsRead() throws {
    let spec = try ObjectSpec(bytes: try object("socket"))
    let types = try #require(spec.types)
    let id = try #require(types.id(named: "sock_common", kind: .structure))
    let members = try #require(try types.type(id).composite).members
    #expect(members.map(\.name) == ["skc_daddr", "skc_dport", "skc_v6_daddr"])
    #expect(members.first?.bitOffset == 0)
  }
}
