// SPDX-License-Identifier: Apache-2.0
import BPFObject
import BPFSkeleton
import BTF
import BTFText
import Foundation
import TestObjects
import TestSupport
import Testing

/// Names that Swift can have, for names that it cannot.
@Suite struct NamesTests {
  @Test(arguments: [
    ("exec_event", "ExecEvent", "execEvent"), ("counter_t", "Counter", "counterT"), ("FILE_CUT", "FileCut", "fileCut"),
    ("IPAddress", "IPAddress", "ipAddress"), ("sk_buff", "SkBuff", "skBuff"), ("__pad", "Pad", "pad"),
    ("$s4main1xyyF", "S4main1xyyF", "s4main1xyyF"), ("a.b", "AB", "aB"), ("already", "Already", "already"),
    ("getTask", "GetTask", "getTask"), ("t", "T", "t"),
  ])
  func forms(name: String, type: String, member: String) {
    #expect(SwiftStyle.typeName(name) == type && SwiftStyle.memberName(name) == member)
  }

  @Test(arguments: [
    ("dynamic_firewall", "DynamicFirewall"), ("2fast", "Object2fast"), ("string", "StringObject"), ("", "Object"),
    ("type", "TypeObject"), ("bpf", "Bpf"), ("---", "Object"), ("0010-Generic__touchpad", "Object0010GenericTouchpad"),
  ])
  func typeNames(object: String, name: String) {
    #expect(SkeletonSource.typeName(object) == name)
  }

  @Test("Words of the language, digits, dots and twins come out as Swift", .requires(.command("swiftc")))
  func hostile() throws {
    var spec = try ObjectSpec(bytes: TestObjects.Objects.all.first { $0.name == "maps" }?.bytes() ?? [], name: "maps")
    let names = [
      "class", "2nd", "a.b", "a_b", "$s4", "Self", "init", "self", "collection", "open", "é", "", "_", "\"quoted\\",
      "\n",
      "globals", "Type", "subscript", "default", "func", "func_", "layout",
    ]
    for index in spec.maps.indices { spec.maps[index].name = names[index % names.count] }
    for index in spec.programs.indices { spec.programs[index].name = names[index % names.count] }
    spec.name = "evil\"\\(name)\n"
    let text = try SkeletonSource(spec, typeName: "Evil").text()
    try TypecheckTests.check(["evil": text])
  }

  @Test("Every program has the attachments of its type")
  func kinds() throws {
    let expected = [
      ("xdp", "XDP>"), ("tracepoint", "Placed<BPF.ProgramKinds.Tracepoint>>"), ("fentry", "Tracing>"),
      ("cgroup", "Cgroup>"), ("kprobe", "Placed<BPF.ProgramKinds.Kprobe>>"), ("sk_lookup", "NetworkNamespace>"),
      ("iterators", "Iterator>"), ("netfilter", "Netfilter>"), ("tcx", "Ingress>"), ("usdt", "USDT>"),
      ("sockmap", "SocketMap>"), ("lsm_cgroup", "Cgroup>"), ("struct_ops", "Unattached>"), ("netkit", "Netkit>"),
    ]
    for (object, kind) in expected {
      let bytes = try #require(TestObjects.Objects.all.first { $0.name == object }).bytes()
      let text = try SkeletonSource(ObjectSpec(bytes: bytes, name: object)).text()
      #expect(text.contains("BPF.SkeletonProgram<BPF.ProgramKinds.\(kind)"), "\(object)")
    }
  }

  @Test("Strings in .rodata.str have no properties, and are loaded")
  func strings() throws {
    let bytes = try #require(TestObjects.Objects.all.first { $0.name == "strings" }).bytes()
    let spec = try ObjectSpec(bytes: bytes, name: "strings")
    #expect(spec.maps.contains { $0.sectionName.hasPrefix(".rodata.str") })
    #expect(try !SkeletonSource(spec).text().contains(".rodata.str"))
  }
}
