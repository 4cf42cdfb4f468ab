// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BTF
import TestObjects
import TestSupport
import Testing

/// Records, instructions and types that no compiler writes: an error each, and never a trap or a hang.
@Suite struct COREHostileTests {
  private func scenario() throws -> Scenario {
    var scenario = Scenario()
    let a = try scenario.local.unsigned(4)
    _ = try scenario.local.structure("task", size: 8, [("x", a, 0), ("y", a, 4)])
    _ = try scenario.local.enumeration("state", [("A", 1)])
    let b = try scenario.kernel.unsigned(4)
    _ = try scenario.kernel.structure("task", size: 16, [("x", b, 8), ("y", b, 12)])
    _ = try scenario.kernel.enumeration("state", [("A", 2)])
    return scenario
  }

  @Test(
    arguments: [
      (.fieldByteOffset, 2, ""), (.fieldByteOffset, 2, ":"), (.fieldByteOffset, 2, "0:"), (.fieldByteOffset, 2, ":0"),
      (.fieldByteOffset, 2, "0:2"), (.fieldByteOffset, 2, "0:-1"), (.fieldByteOffset, 2, "0:x"),
      (.fieldByteOffset, 2, "0:0:0"), (.fieldByteOffset, 2, "0:99999999999999999999"), (.typeExists, 2, "1"),
      (.typeExists, 2, ""), (.enumValue, 3, "1"), (.enumValue, 3, "0:0"), (.enumValue, 2, "0"),
    ] as [(COREKind, UInt32, String)])
  func brokenAccessStrings(kind: COREKind, type: UInt32, access: String) throws {
    let scenario = try scenario()
    #expect(
      reason { _ = try scenario.value(kind, TypeID(type), access, expected: 0) } == .malformedAccess(access))
  }

  @Test func accessesThatGoTooFar() throws {
    let scenario = try scenario()
    let deep = Array(repeating: "0", count: 65).joined(separator: ":")
    #expect(reason { _ = try scenario.value(.fieldByteOffset, 2, deep, expected: 0) } == .tooComplex)
    #expect(reason { _ = try scenario.value(.fieldByteOffset, 2, "2147483647:0", expected: 0) } == .tooComplex)
  }

  @Test func typesThatDoNotExist() throws {
    let scenario = try scenario()
    for kind in COREKind.allCases {
      guard case .types(let error) = reason({ _ = try scenario.value(kind, 99, expected: 0) }) else {
        Issue.record("\(kind) of a type that does not exist")
        continue
      }
      #expect(error.code == .badType)
    }
  }

  @Test(arguments: [
    ([Instruction.goto(0)], "(05) goto pc+0"),
    ([.move(.r1, .r2)], "(bf) r1 = r2"),
    ([.loadMap(.r1, descriptor: 0)[0], Instruction(Opcode(rawValue: 0))], "(18) r1 = map[id:0]"),
    ([Instruction.loadWide(.r1, 0)[0]], "(18) r1 = 0x0"),
    ([.loadPacket(0, size: .word)], "(20) r0 = *(u32 *)skb[0]"),
  ])
  func instructionsThatHoldNothingToPatch(program: [Instruction], text: String) throws {
    let scenario = try scenario()
    #expect(
      reason { _ = try scenario.relocate(.fieldByteOffset, 2, "0:0", program) } == .unexpectedInstruction(text))
  }

  @Test func recordsOutsideTheProgram() throws {
    let scenario = try scenario()
    #expect(reason { _ = try scenario.relocate(.fieldByteOffset, 2, "0:0", []) } == .outsideProgram)
  }

  @Test func valuesThatAreNotTheObjectsOwn() throws {
    let scenario = try scenario()
    #expect(
      reason { _ = try scenario.value(.fieldByteOffset, 2, "0:1", expected: 8) }
        == .unexpectedValue(found: 8, expected: 4))
  }

  /// A poisoned wide load at the very end of a program has no second slot.
  @Test func poisonStaysInside() throws {
    var scenario = try scenario()
    let lost = try scenario.local.enumeration("lost", [("B", 1)])
    let (program, _) = try scenario.relocate(.enumValue, lost, "0", [Instruction.loadWide(.r1, 1)[0]])
    #expect(program == [CORELinker.poison])
  }

  /// Anonymous members that lead to 2^40 places.
  @Test func mazesAreGivenUp() throws {
    var scenario = Scenario()
    let a = try scenario.local.unsigned(4)
    let own = try scenario.local.structure("maze", size: 4, [("wanted", a, 0)])
    let b = try scenario.kernel.unsigned(4)
    var room = try scenario.kernel.structure("", size: 4, [("other", b, 0)])
    for _ in 0..<40 { room = try scenario.kernel.union("", size: 4, [("", room, 0), ("", room, 0)]) }
    _ = try scenario.kernel.structure("maze", size: 4, [("", room, 0)])
    #expect(reason { _ = try scenario.value(.fieldExists, own, "0:0", expected: 1) } == .tooComplex)
  }

  /// The same for whole types, which are compared member by member.
  @Test func entangledTypesAreGivenUp() throws {
    func entangle(_ side: inout Side, last: String) throws -> TypeID {
      var inner = try side.structure("t0", size: 0, [(last, try side.unsigned(4), 0)])
      for level in 1...28 {
        inner = try side.structure("t\(level)", size: 0, (0..<6).map { _ in ("m", inner, 0) })
      }
      return inner
    }
    var scenario = Scenario()
    let own = try entangle(&scenario.local, last: "a")
    _ = try entangle(&scenario.kernel, last: "b")
    #expect(reason { _ = try scenario.value(.typeMatches, own, expected: 1) } == .tooComplex)
  }

  @Test func circlesEnd() throws {
    var scenario = Scenario()
    let own = try scenario.local.builder.add(.pointer(1))
    let typedef = try scenario.local.builder.add(.typedef(name: "t", type: own))
    _ = try scenario.kernel.builder.add(.pointer(1))
    _ = try scenario.kernel.builder.add(.typedef(name: "t", type: 1))
    #expect(reason { _ = try scenario.value(.typeExists, typedef, expected: 1) } == .tooComplex)
    #expect(reason { _ = try scenario.value(.typeMatches, typedef, expected: 1) } == .tooComplex)
  }

  /// The corpus' types with a few bytes changed, bound to themselves.
  @Test(arguments: Corpus.all.filter { $0.name.hasPrefix("core_") })
  func damagedTypesNeverTrap(object: Corpus.Entry) throws {
    let relocations = try ObjectRelocations(object.bytes)
    let good = relocations.types.withUnsafeBytes { Array($0) }
    var generator = SeededRandom(seed: 0x636f_7265)
    var outcomes = (patched: 0, failed: 0)
    for _ in 0..<60 {
      var bad = good
      for _ in 0..<Int.random(in: 1...12, using: &generator) {
        let index = Int.random(in: 24..<bad.count, using: &generator)
        bad[index] = UInt8.random(in: 0...255, using: &generator)
      }
      guard let damaged = try? BTFTypes(bytes: bad) else { continue }
      for (local, target) in [(relocations.types, damaged), (damaged, relocations.types), (damaged, damaged)] {
        var linker = CORELinker(local: local, target: target)
        for var function in relocations.functions {
          for record in function.records {
            do {
              _ = try linker.relocate(&function.instructions, [record], program: function.name)
              outcomes.patched += 1
            } catch {
              #expect(error.description.hasPrefix("relocating "))
              outcomes.failed += 1
            }
          }
        }
      }
    }
    #expect(outcomes.patched > 0)
  }
}
