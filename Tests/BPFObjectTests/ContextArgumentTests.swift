// SPDX-License-Identifier: Apache-2.0

import BTF
import TestObjects
import Testing

@testable import BPFObject

/// Tagged context parameters, in the form for kernels before 6.8.
@Suite struct ContextArgumentTests {
  private func types(_ name: String) throws -> BTFTypes {
    let entry = try #require(Corpus.all.first { $0.name == name })
    return try #require(try ObjectSpec(bytes: entry.bytes, name: name).types)
  }

  private func parameters(_ id: TypeID, _ types: BTFTypes) throws -> [BTFPrototype.Parameter] {
    guard case .function(let function) = try types.type(id),
      case .functionPrototype(let prototype) = try types.type(function.type)
    else { return [] }
    return prototype.parameters
  }

  static let programs: [(ProgramType, String)] = [
    (.schedCLS, "__sk_buff"), (.xdp, "xdp_md"), (.rawTracepoint, "bpf_raw_tracepoint_args"),
    (.kprobe, "bpf_user_pt_regs_t"),
  ]

  @Test(arguments: programs) func eachProgramHasItsCopy(program: ProgramType, context: String) throws {
    let types = try types("context_arguments")
    let original = try #require(types.ids.first { types.kind($0) == .function && types.name($0) == "report" })
    let arguments = try #require(try ContextArguments(types, in: Set(Self.programs.map(\.0))))
    let copy = arguments.function(original, in: program)
    #expect(copy.rawValue >= types.endID.rawValue)
    #expect(arguments.types.name(copy) == "report")
    let (before, after) = (try parameters(original, types), try parameters(copy, arguments.types))
    #expect(after.map(\.name) == ["value", "ctx"])
    #expect(after[0] == before[0])
    guard case .pointer(let target) = try arguments.types.type(after[1].type) else {
      Issue.record("no pointer")
      return
    }
    #expect(arguments.types.name(target) == context)
    // The object's own types are as they were.
    #expect(try parameters(original, arguments.types) == before)
    for id in types.ids { #expect(try types.type(id) == arguments.types.type(id)) }
    #expect(
      try arguments.types.ids.contains { id in
        try arguments.types.type(id) == .declTag(BTFDeclTag(name: "arg:ctx", type: copy, component: 1))
      })
  }

  @Test func nothingToDo() throws {
    #expect(try ContextArguments(try types("subprograms"), in: [.schedCLS]) == nil)
    // The context of these has no name.
    #expect(try ContextArguments(try types("context_arguments"), in: [.tracepoint, .tracing]) == nil)
    #expect(try ContextArguments(try types("context_arguments"), in: []) == nil)
  }
}
