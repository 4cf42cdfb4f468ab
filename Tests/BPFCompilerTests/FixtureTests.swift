// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import Foundation
import TestSupport
import Testing

@testable import BPFCompiler

/// The IR of several Swift releases, as `Fixtures/make` wrote it: the rewriting reads it as text.
@Suite(.requires(.command("xz"))) struct FixtureTests {
  static let releases = ["6.2", "6.3"]
  private static let folder = "\(Checkout.root)/Tests/BPFCompilerTests/Fixtures"

  private func text(_ release: String) throws -> String {
    try Shell.check(["xz", "-dc", "\(Self.folder)/swift-\(release).ll.xz"])
  }

  private func probe(_ text: String) throws(CompileError) -> ProbeModule {
    try ProbeModule(
      text, files: ["probe.bpf.swift"], sources: [try Files.text("\(Self.folder)/probe.bpf.swift")])
  }

  @Test(arguments: releases) func becomesWhatTheSourceDeclares(_ release: String) throws {
    var probe = try probe(text(release))
    #expect(probe.producer?.hasPrefix("Swift version \(release)") ?? false)
    #expect(probe.module.dataLayout == "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128")
    let ir = try probe.convert(root: "/build/probe")
    #expect(probe.declared.programs == ["filter": "xdp"])
    #expect(probe.declared.maps.keys.sorted() == ["counts", "events", "sums"])
    #expect(probe.declared.variables == ["limit": 4, "packets": 8])
    #expect(ir.contains("\ntarget triple = \"bpfel\"\n"))
    let object = try withTemporaryFolder { folder in
      let toolchain = try Toolchain.find()
      let compiler = try Checkout.compiler()
      let kernelSide = try KernelSide(sources: compiler.kernelSide, cache: compiler.cache, toolchain: toolchain)
      try Files.write("\(folder)/probe.ll", ir.utf8)
      try Clang.compile(
        ir: "\(folder)/probe.ll", bitcode: kernelSide.bitcode, to: "\(folder)/probe.o", cpu: "v2", product: .object,
        root: folder, toolchain: toolchain)
      return try ObjectFinisher(try Files.read("\(folder)/probe.o"), language: .swift).finish()
    }
    try probe.declared.check(object)
    if geteuid() == 0 { try BPFCollection(bytes: object, name: "probe").load() }
  }

  /// Each change stands for a form that a later compiler might write.
  @Test(
    arguments: releases,
    [
      ("\ndefine protected i32 @", "\ndefine protected newcc i32 @"), (" = getelementptr ", " = newpointer "),
      ("\ntarget datalayout", "\nmodule flavor"), ("\nattributes #0 = ", "\nattributes group = "),
      ("\n!5 = ", "\n!5: "), (" = protected global ", " = protected variable "), ("\n}\n", "\n)\n"),
      ("\ndeclare ", "\nimport "),
    ])
  func whatIsNotUnderstoodIsRefused(_ release: String, _ change: (from: String, to: String)) throws {
    let ir = try text(release)
    #expect(ir.contains(change.from), "\(change.from)")
    let changed = ir.replacingOccurrences(of: change.from, with: change.to)
    let error = try #require(throws: CompileError.self) {
      var probe = try probe(changed)
      return try probe.convert(root: "/build/probe")
    }
    #expect("\(error)".contains("form that Merops does not know: `"), "\(error)")
    #expect("\(error)".contains("use Swift 6.3"), "\(error)")
  }

  @Test func whatTheObjectLacksIsNamed() throws {
    let object = try Built.object(ObjectTests.source)
    var declared = DeclaredObject()
    declared.license = "GPL"
    declared.programs = ["filter": "tc", "lost": "xdp"]
    declared.variables = ["packets": 4]
    let text = "\(try #require(throws: CompileError.self) { try declared.check(object) })"
    for expected in [
      "program `classify` in section `tcx/ingress` is not in the source", "program `lost` in section `xdp` is missing",
      "program `filter` is in section `xdp`, not in section `tc`", "map `counts` of type 1 with keys of 4 bytes",
      "variable `packets` is of 8 bytes, not of 4 bytes", "the license is `Dual BSD/GPL`, not `GPL`",
      "report the source",
    ] { #expect(text.contains(expected), "\(expected): \(text)") }
  }

  @Test(
    arguments: [
      ("Swift version 6.3.1 (swift-6.3.1-RELEASE)", nil), ("Swift version 6.3 (x)", nil),
      ("Swift version 6.4-dev (LLVM 1)", "Swift 6.4"), ("Swift version 7.0", "Swift 7.0"),
      (nil, "of an unknown version"),
    ] as [(String?, String?)])
  func otherVersionsAreWarnedOf(_ producer: String?, _ expected: String?) {
    let warning = ToolchainCheck.warning(producer: producer)
    #expect((warning == nil) == (expected == nil))
    if let expected, let warning { #expect(warning.contains(expected) && warning.contains("tested with Swift 6.3")) }
  }

  @Test func layoutsThatDifferAreRefused() throws {
    try ToolchainCheck.check(swift: "e-m:e", clang: "e-m:e")
    for (swift, clang) in [("e-m:e", "E-m:e"), ("e-m:e", nil), (nil, "e-m:e"), (nil, nil)] as [(String?, String?)] {
      #expect(throws: CompileError.self) { try ToolchainCheck.check(swift: swift, clang: clang) }
    }
  }
}
