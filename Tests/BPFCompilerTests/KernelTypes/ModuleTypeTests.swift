// SPDX-License-Identifier: Apache-2.0

import BPF
import BTF
import Foundation
import TestSupport
import Testing

@testable import BPFCompiler

/// Probes that name the types of a module, compiled where it is.
@Suite(.requires(.root), .requires(.kernelBTF), .requires(.command("swiftc"))) struct ModuleTypeTests {
  static let source = """
    import BPFKernel

    let license = License.gpl
    var sent: UInt64 = 0
    var isThere: UInt32 = 0
    @section("fentry/veth_xmit")
    func onSend(_ context: FunctionEntry.veth_xmit) -> Int32 {
      if veth_priv.exists.peer, veth_priv.size > 0 { isThere = 1 }
      sent &+= UInt64(context.skb.len)
      return 0
    }
    """

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
    let probe = try BPFCollection(bytes: object, name: "look")
    try probe.load()
    _ = try probe.program("look").testRun(data: [])
    #expect(try probe.global("isThere", as: UInt32.self) == 0)
  }

  /// A module that is loaded: its types and its functions.
  @Test(.requires(.ownKernel), .requires(kernel: "5.11")) func typesAndFunctionsOfAModule() throws {
    let probe = try BPFCollection(bytes: try Built.object(Self.source), name: "module")
    try probe.load()
    let report = try probe.attachAll()
    #expect(report.attached.count == 1)
    let pair = try NetworkPair()
    _ = try? pair.near.check("ping -c 1 -W 1 \(NetworkPair.farAddress)")
    #expect(try probe.global("isThere", as: UInt32.self) == 1)
    #expect(try probe.global("sent", as: UInt64.self) > 0)
    probe.detachAll()
  }
}
