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

  /// A module that is not loaded: its types lie beside the kernel's, and the program finds them missing.
  @Test func typesOfAModuleThatIsElsewhere() throws {
    let kernel = try BTFTypes(bytes: [UInt8](Data(contentsOf: URL(filePath: "/sys/kernel/btf/vmlinux"))))
    var module = BTFBuilder(base: kernel)
    let task = try module.add(.pointer(#require(kernel.id(named: "task_struct", kind: .structure))))
    _ = try module.add(
      .structure(
        BTFComposite(name: "merops_node", size: 8, members: [.init(name: "owner", type: task, bitOffset: 0)])))
    let object = try withTemporaryFolder { folder in
      try FileManager.default.copyItem(atPath: "/sys/kernel/btf/vmlinux", toPath: "\(folder)/vmlinux")
      try Data(module.encode()).write(to: URL(filePath: "\(folder)/merops_module"))
      try """
      import BPFKernel

      let license = License.gpl
      var isThere: UInt32 = 2
      @section("raw_tp/sys_enter")
      func look(_ context: RawTracepoint) -> Int32 {
        isThere = merops_node.isPresent || merops_node.exists.owner ? 1 : 0
        return 0
      }
      """.write(toFile: "\(folder)/look.bpf.swift", atomically: true, encoding: .utf8)
      var compiler = try Checkout.compiler()
      compiler.kernelTypes = "\(folder)/vmlinux"
      return try compiler.compile("\(folder)/look.bpf.swift", root: folder)
    }
    let probe = try Collection(bytes: object, name: "look")
    try probe.load()
    _ = try probe.program("look").testRun(data: [])
    #expect(try probe.global("isThere", as: UInt32.self) == 0)
  }

  /// A module that is loaded: its types and its functions.
  @Test(.requires(.ownKernel), .requires(kernel: "5.11")) func typesAndFunctionsOfAModule() throws {
    let probe = try load("module")
    let report = try probe.attachAll()
    #expect(report.attached.count == 1)
    let pair = try NetworkPair()
    _ = try? pair.near.check("ping -c 1 -W 1 \(NetworkPair.farAddress)")
    #expect(try probe.global("isThere", as: UInt32.self) == 1)
    #expect(try probe.global("sent", as: UInt64.self) > 0)
    probe.detachAll()
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
