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
    ("any", "AnySkeleton"), ("task", "TaskObject"), ("error", "ErrorObject"), ("result", "ResultObject"),
    ("process", "ProcessObject"), ("map", "MapObject"),
    ("type", "TypeObject"), ("bpf", "Bpf"), ("---", "Object"), ("0010-Generic__touchpad", "Object0010GenericTouchpad"),
  ])
  func typeNames(object: String, name: String) {
    #expect(SkeletonSource.typeName(object) == name)
  }

  @Test("A skeleton hides nothing that the application beside it names", .requires(.command("swiftc")))
  func neighbours() throws {
    let bytes = try #require(TestObjects.Objects.all.first { $0.name == "maps" }).bytes()
    var sources = [
      "user": """
      let a: Optional<Int> = .some(3)
      let b: Array<Int> = [1]
      let c: Set<Int> = [1]
      func f() -> Result<Int, any Error> { .success(1) }
      struct E: Error {}
      protocol P: AnyObject {}
      func g() async { await withTaskGroup(of: Int.self) { g in g.addTask { 1 } }; Task { print("x") } }
      func h() throws { throw E() }
      """
    ]
    for name in ["any", "task", "error", "result", "optional", "array", "set", "any_object", "string", "never"] {
      sources[name] = try SkeletonSource(ObjectSpec(bytes: bytes, name: name)).text()
    }
    try TypecheckTests.check(sources)
  }

  /// The toolchain's own list of Swift's types.
  private static let interfaces: [String] = {
    guard let swiftc = toolchainPath("swiftc") else { return [] }
    let folder = URL(filePath: swiftc).deletingLastPathComponent().appending(path: "../lib/swift/linux")
    return ["Swift", "_Concurrency", "Synchronization"].compactMap { module in
      let module = folder.appending(path: "\(module).swiftmodule")
      let files = (try? FileManager.default.contentsOfDirectory(atPath: module.path)) ?? []
      return files.first { $0.hasSuffix(".swiftinterface") && !$0.contains(".private.") }.flatMap {
        try? String(contentsOf: module.appending(path: $0), encoding: .utf8)
      }
    }
  }()

  @Test("Every type of the standard library is known", .enabled(if: !interfaces.isEmpty, "no Swift interface files"))
  func standardLibrary() throws {
    let declaration = /^(@.* )?public (indirect |final )*(struct|class|enum|protocol|actor) (?<name>[A-Za-z]\w*)/
    let names = Self.interfaces.flatMap { $0.split(separator: "\n") }.compactMap {
      $0.firstMatch(of: declaration).map { String($0.name) }
    }
    #expect(names.count > 150)
    // Indexes and iterators of lazy collections, which nobody names.
    let ours = names.filter {
      SkeletonSource.isTypeName($0) && !$0.hasPrefix("Lazy") && !$0.hasPrefix("Flatten") && !$0.hasSuffix("_")
    }
    #expect(ours.allSatisfy { $0.hasSuffix("Iterator") || $0.hasSuffix("Index") }, "add to ForeignNames: \(ours)")
  }

  /// Of one word, as files are called.
  @Test("Every type of the library is known")
  func library() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/BPF")
    let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    let declaration = /^public (final )?(struct|class|enum|protocol) (?<name>[A-Z][a-z]+)\b/
    for file in files where file.hasSuffix(".swift") {
      let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
      for line in text.split(separator: "\n") {
        guard let name = line.firstMatch(of: declaration).map({ String($0.name) }) else { continue }
        #expect(!SkeletonSource.isTypeName(name), "add \(name) to Sources/BPFSkeleton/ForeignNames.swift")
      }
    }
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
