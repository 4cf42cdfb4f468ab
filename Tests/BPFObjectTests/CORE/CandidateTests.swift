// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BTF
import Testing

@Suite struct CORECandidateTests {
  /// An object with `name { u32 x; }`, and kernel types given as (name, offset of x).
  private func scenario(_ name: String, kernel: [(String, Int)]) throws -> Scenario {
    var scenario = Scenario()
    let a = try scenario.local.unsigned(4)
    _ = try scenario.local.structure(name, size: 4, [("x", a, 0)])
    try Self.add(kernel, to: &scenario.kernel)
    return scenario
  }

  private static func add(_ types: [(String, Int)], to side: inout Side) throws {
    let int = try side.unsigned(4)
    for (name, offset) in types { _ = try side.structure(name, size: 64, [("x", int, offset)]) }
  }

  @Test(arguments: [
    ("task", "task"), ("task___mine", "task"), ("task", "task___2"), ("task___mine", "task___2"),
    ("a___b___c", "a___b___d"),
    // No flavors: four underscores, or none before or after.
    ("task____mine", "task____mine"), ("___task", "___task"), ("task___", "task___"),
  ])
  func flavorsAreLeftOut(own: String, other: String) throws {
    let scenario = try scenario(own, kernel: [("other", 4), (other, 12)])
    #expect(try scenario.value(.fieldByteOffset, 2, "0:0", expected: 0) == 12)
  }

  @Test(arguments: [
    ("task____mine", "task"), ("task___", "task"), ("___task", "task"), ("a___b___c", "a"), ("a___b___c", "a___b"),
    ("tas", "task"),
  ])
  func otherNamesAreOtherTypes(own: String, other: String) throws {
    #expect(try scenario(own, kernel: [(other, 12)]).value(.fieldExists, 2, "0:0", expected: 1) == 0)
  }

  @Test func sameAnswersAreNoAmbiguity() throws {
    let scenario = try scenario("task", kernel: [("task", 8), ("task", 8), ("task___2", 8)])
    #expect(try scenario.value(.fieldByteOffset, 2, "0:0", expected: 0) == 8)
  }

  @Test func ambiguityNamesBoth() throws {
    let scenario = try scenario("task___mine", kernel: [("task", 8), ("task___2", 16)])
    do {
      _ = try scenario.value(.fieldByteOffset, 2, "0:0", expected: 0)
      Issue.record("two types fit and differ")
    } catch let error as COREError {
      #expect(
        error.reason
          == .ambiguous(
            COREBinding(path: "task.x", type: 2, value: 8), COREBinding(path: "task___2.x", type: 3, value: 16)))
      #expect(
        error.description == """
          relocating task___mine.x (field offset) at instruction 0 in program probe: two types of the kernel fit and \
          differ: task.x of type [2], value 8 and task___2.x of type [3], value 16; define a flavor with only the fields \
          of the one you mean
          """)
    }
  }

  /// A candidate that did not fit one record is out for all later records of the type, as in libbpf.
  @Test func candidatesThatDoNotFitAreDropped() throws {
    var local = Side()
    let a = try local.unsigned(4)
    let own = try local.structure("task", size: 8, [("x", a, 0), ("y", a, 4)])
    var kernel = Side()
    let b = try kernel.unsigned(4)
    _ = try kernel.structure("task", size: 64, [("x", b, 8)])
    _ = try kernel.structure("task", size: 64, [("x", b, 16), ("y", b, 20)])
    let (x, y) = (try local.builder.string("0:0"), try local.builder.string("0:1"))
    let records = [y, x].enumerated().map { index, access in
      (index, CORERecord(byteOffset: 0, type: own, access: access, kind: .fieldByteOffset))
    }
    var linker = CORELinker(local: try local.types(), target: try kernel.types())
    var program: [Instruction] = [.move(.r0, 4), .move(.r0, 0)]
    _ = try linker.relocate(&program, records, program: "probe")
    #expect(program.map(\.immediate) == [20, 16])
  }

  @Test func modulesAreSearchedOnlyIfTheKernelHasNone() throws {
    let scenario = try scenario("task", kernel: [("task", 8)])
    let base = try scenario.kernel.types()
    var side = Side(base: base)
    try Self.add([("task", 24), ("driver", 40)], to: &side)
    let module = try side.types()
    let found = try scenario.relocate(.fieldByteOffset, 2, "0:0", [.move(.r0, 0)], modules: [module])
    #expect(found.program == [.move(.r0, 8)])

    let other = try self.scenario("driver___x", kernel: [("task", 8)])
    let (program, result) = try other.relocate(.fieldByteOffset, 2, "0:0", [.move(.r0, 0)], modules: [module])
    #expect(program == [.move(.r0, 40)])
    #expect(result.binding?.type == TypeID(base.endID.rawValue + 2))
  }

  @Test func modulesAreAskedForOnceAndOnlyIfNeeded() throws {
    var local = Side()
    let a = try local.unsigned(4)
    let here = try local.structure("here", size: 4, [("x", a, 0)])
    let away = try local.structure("away", size: 4, [("x", a, 0)])
    let lost = try local.structure("lost", size: 4, [("x", a, 0)])
    var kernel = Side()
    try Self.add([("here", 8)], to: &kernel)
    let access = try local.builder.string("0:0")
    var asked = 0
    var linker = CORELinker(local: try local.types(), target: try kernel.types()) {
      asked += 1
      return []
    }
    for (type, expected) in [(here, 0), (away, 1), (lost, 1), (away, 1)] {
      var program: [Instruction] = [.move(.r0, 1)]
      let record = CORERecord(byteOffset: 0, type: type, access: access, kind: .fieldExists)
      _ = try linker.relocate(&program, [(0, record)], program: "probe")
      #expect(program[0].immediate == (type == here ? 1 : 0))
      #expect(asked == expected)
    }
  }

  @Test func modulesThatCannotBeReadAreAnError() throws {
    struct Refused: Error, CustomStringConvertible { let description = "EPERM" }
    let scenario = try scenario("gone", kernel: [])
    var local = scenario.local
    let record = CORERecord(byteOffset: 0, type: 2, access: try local.builder.string("0:0"), kind: .fieldExists)
    var linker = CORELinker(local: try local.types(), target: try scenario.kernel.types()) { throw Refused() }
    var program: [Instruction] = [.move(.r0, 1)]
    #expect(reason { _ = try linker.relocate(&program, [(0, record)], program: "p") } == .modules("EPERM"))
  }

  /// Kinds must agree: a function's name, or a typedef's, is not a struct's.
  @Test func kindsMustAgree() throws {
    var scenario = try scenario("task", kernel: [("pad", 0)])
    let prototype = try scenario.kernel.builder.add(.functionPrototype(BTFPrototype(result: .void, parameters: [])))
    _ = try scenario.kernel.builder.add(.function(BTFFunction(name: "task", type: prototype, linkage: .global)))
    _ = try scenario.kernel.builder.add(.typedef(name: "task", type: 2))
    #expect(try scenario.value(.typeExists, 2, expected: 1) == 0)
    try Self.add([("task", 4)], to: &scenario.kernel)
    #expect(try scenario.value(.typeExists, 2, expected: 1) == 1)
  }
}
