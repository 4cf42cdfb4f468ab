// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import BTF
import Glibc
import SwiftObjects
import TestSupport
import Testing

/// Programs that name kernel types.
@Suite(.requires(.root), .requires(.kernelBTF)) struct KernelTypeTests {
  @Test(.requires(kernel: "5.11")) func aTracepointReadsTheProcess() throws {
    let probe = try SwiftCorpus.load("exec") { try $0.setGlobal("wanted", to: getpid()) }
    let report = try probe.attachAll()
    #expect(report.attached.count == 1)
    try Shell.check(["/usr/bin/nl", "/dev/null"])
    #expect(try probe.global("parent", as: Int32.self) == getpid())
    #expect(try probe.global("parentProbed", as: Int32.self) == getpid())
    let process = try probe.global("process", as: Int32.self)
    #expect(process > 1)
    #expect(try probe.global("current", as: Int32.self) == process)
    let name = try probe.global("name", as: InlineArray<16, UInt8>.self)
    #expect((0..<3).map { name[$0] } == Array("nl\0".utf8))
    probe.detachAll()
  }

  @Test func everyKindOfRelocationIsThere() throws {
    let spec = try SwiftCorpus.spec("questions")
    let kinds = try Set(spec.programs.flatMap { try $0.linked().core.map(\.record.kind) })
    #expect(kinds == Set(COREKind.allCases))
  }

  /// The types in the object are those of the probe and the fields that it reads, wherever the kernel has them.
  @Test func theObjectHoldsOnlyWhatIsRead() throws {
    let spec = try SwiftCorpus.spec("socket")
    let types = try #require(spec.types)
    let id = try #require(types.id(named: "sock_common", kind: .structure))
    let members = try #require(try types.type(id).composite).members
    #expect(members.map(\.name) == ["skc_daddr", "skc_dport", "skc_v6_daddr"])
    #expect(members.first?.bitOffset == 0)
  }
}
