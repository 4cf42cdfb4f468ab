// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFELF
import BPFObject
import BTF
import TestObjects
import Testing

@Suite struct LinkingTests {
  /// The names of the functions of a linked program, in order.
  private func functions(_ object: ObjectSpec, _ program: String) throws -> [String] {
    let linked = try #require(object[program: program]).linked()
    return linked.functions.map { object.types?.name($0.type) ?? "" }
  }

  /// Each subprogram once, behind the first function that calls it, its own calls before the caller's next.
  @Test func order() throws {
    let object = try ObjectSpec(bytes: try #require(Corpus["subprograms"]))
    #expect(try functions(object, "uses_none") == ["uses_none"])
    #expect(try functions(object, "in_section") == ["in_section", "leaf"])
    #expect(try functions(object, "uses_static") == ["uses_static", "leaf", "store"])
    #expect(
      try functions(object, "uses_global") == ["uses_global", "global_nested", "global_leaf", "leaf", "store"])
    #expect(try functions(object, "uses_weak_and_hidden") == ["uses_weak_and_hidden", "weak_leaf", "hidden_leaf"])
    #expect(object[program: "leaf"] == nil)
  }

  @Test func functionAddresses() throws {
    let object = try ObjectSpec(bytes: try #require(Corpus["callbacks"]))
    #expect(try functions(object, "walk") == ["walk", "add"])
    #expect(try functions(object, "loop") == ["loop", "step", "note"])
    let linked = try #require(object[program: "walk"]).linked()
    let place = try #require(linked.instructions.firstIndex { $0.isFunctionAddress })
    #expect(place + 1 + Int(linked.instructions[place].immediate) == linked.functions[1].instruction)
  }

  @Test func linesFollowTheirCode() throws {
    let object = try ObjectSpec(bytes: try #require(Corpus["subprograms"]))
    let linked = try #require(object[program: "uses_static"]).linked()
    let starts = linked.functions.map(\.instruction)
    #expect(Set(starts).isSubset(of: linked.lines.map(\.instruction)))
    let text = linked.lines.compactMap { object.types?.string(at: $0.line.line) }
    #expect(text.contains { $0.contains("return value * 3") })
  }

  /// Two entry points that call each other and themselves: no compiler writes it, and linking must end.
  @Test func recursion() throws {
    let code = SyntheticObject.code([
      ("tc", "first", [.call(-1), .exit]),
      (".text", "loop", [.call(-1), .call(1), .exit]),
      (".text", "other", [.call(-4), .exit]),
    ])
    let object = try ObjectSpec(bytes: code.bytes(calls: [(section: "tc", slot: 0, target: "loop")]))
    let linked = try #require(object[program: "first"]).linked()
    #expect(linked.instructions.count == 7)
    let targets = linked.instructions.enumerated().filter { $1.isSubprogramCall }.map { $0 + 1 + Int($1.immediate) }
    #expect(targets == [2, 2, 5, 2])
  }

  /// A chain of ten thousand functions, each calling the next: depth must not be the machine's stack.
  @Test func deepChain() throws {
    let count = 10_000
    var functions: [(String, String, [SyntheticObject.Slot])] = [("tc", "entry", [.call(-1), .exit])]
    for index in 0..<count {
      functions.append((".text", "f\(index)", index + 1 < count ? [.call(1), .exit] : [.exit]))
    }
    let object = try ObjectSpec(
      bytes: SyntheticObject.code(functions).bytes(calls: [(section: "tc", slot: 0, target: "f0")]))
    #expect(try #require(object[program: "entry"]).linked().instructions.count == 2 + 2 * count - 1)
  }

  @Test func tooLong() throws {
    var functions: [(String, String, [SyntheticObject.Slot])] = [("tc", "entry", [.call(-1), .exit])]
    functions.append((".text", "large", Array(repeating: .exit, count: 1_000_000)))
    let object = try ObjectSpec(
      bytes: SyntheticObject.code(functions).bytes(calls: [(section: "tc", slot: 0, target: "large")]))
    let error = try #require(throws: ObjectError.self) { try object.programs[0].linked() }
    #expect(error.code == .unsupported)
    #expect(error.description.contains("program entry"))
  }

  @Test(arguments: [
    ("call", SyntheticObject.Slot.call(40), "it calls a function that is not in the object"),
    ("call back", SyntheticObject.Slot.call(-30), "it calls a function that is not in the object"),
    ("call middle", SyntheticObject.Slot.call(0), "it calls the middle of program entry"),
    ("call far", SyntheticObject.Slot.call(.max), "it calls a function that is not in the object"),
  ])
  func callsOfNothing(_ name: String, _ slot: SyntheticObject.Slot, _ expected: String) throws {
    let object = try ObjectSpec(bytes: SyntheticObject.code([("tc", "entry", [.exit, slot, .exit])]).bytes(calls: []))
    let error = try #require(throws: ObjectError.self) { try object.programs[0].linked() }
    #expect(error.code == .badRelocation)
    #expect(error.description == "program entry, instruction 1: \(expected)")
  }

  /// A static function beside a program, in its section: libbpf refuses it, here it is a subprogram.
  @Test func staticFunctionBesideAProgram() throws {
    var code = SyntheticObject.code([("tc", "entry", [.call(1), .exit]), ("tc", "helper", [.exit])])
    code.locals = ["helper"]
    let object = try ObjectSpec(bytes: code.bytes(calls: []))
    #expect(object.programs.map(\.name) == ["entry"])
    let linked = try object.programs[0].linked()
    #expect(linked.instructions.count == 3)
    #expect(linked.instructions[0].immediate == 1)
  }
}
