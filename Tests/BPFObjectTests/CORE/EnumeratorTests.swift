// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BTF
import Testing

@Suite struct COREEnumeratorTests {
  private func scenario(
    _ own: [(String, UInt64)], _ other: [(String, UInt64)], ownSize: Int = 4, otherSize: Int = 4, signed: Bool = false
  ) throws -> Scenario {
    var scenario = Scenario()
    _ = try scenario.local.enumeration("state", own, size: ownSize, signed: signed)
    _ = try scenario.kernel.enumeration("state", other, size: otherSize, signed: signed)
    return scenario
  }

  /// What a wide load with `value` in it receives.
  private func wide(_ scenario: Scenario, _ value: UInt64, index: Int = 0) throws -> UInt64 {
    let (program, _) = try scenario.relocate(.enumValue, 1, "\(index)", Instruction.loadWide(.r1, value))
    return UInt64(UInt32(bitPattern: program[0].immediate)) | UInt64(UInt32(bitPattern: program[1].immediate)) << 32
  }

  @Test func findsTheNameWhereverItIs() throws {
    let scenario = try scenario([("A", 0), ("B___mine", 1)], [("B", 7), ("A", 9)])
    #expect(try wide(scenario, 0) == 9)
    #expect(try wide(scenario, 1, index: 1) == 7)
    #expect(try scenario.value(.enumValue, 1, "1", expected: 1) == 7)
    #expect(try scenario.value(.enumValueExists, 1, "1", expected: 1) == 1)
  }

  @Test func missingEnumeratorIsPoisonOrZero() throws {
    let scenario = try scenario([("A", 3)], [("B", 7)])
    let (program, result) = try scenario.relocate(.enumValue, 1, "0", Instruction.loadWide(.r1, 3))
    #expect(program == [CORELinker.poison, CORELinker.poison])
    #expect(result.isPoisoned && result.path == "state::A")
    #expect(try scenario.value(.enumValueExists, 1, "0", expected: 1) == 0)
  }

  @Test(arguments: [false, true])
  func negativeValuesKeepTheirSign(flagged: Bool) throws {
    // Kernels before 6.0 do not flag signed enumerations, so their BTF looks unsigned.
    let bits: (Int32) -> UInt64 = { flagged ? UInt64(bitPattern: Int64($0)) : UInt64(UInt32(bitPattern: $0)) }
    let scenario = try scenario([("A", bits(-1))], [("A", bits(-5))], signed: flagged)
    #expect(try wide(scenario, UInt64(bitPattern: -1)) == UInt64(bitPattern: -5))
    #expect(try scenario.value(.enumValue, 1, "0", expected: -1) == -5)
  }

  /// Where the compiler zero-extended, so do we.
  @Test func largeUnsignedValuesStayUnsigned() throws {
    let scenario = try scenario([("A", 0xffff_ffff)], [("A", 0x8000_0000)])
    #expect(try wide(scenario, 0xffff_ffff) == 0x8000_0000)
  }

  @Test func bothWidthsMix() throws {
    #expect(try wide(scenario([("A", 1)], [("A", 1 << 40)], otherSize: 8), 1) == 1 << 40)
    #expect(try wide(scenario([("A", 1 << 40)], [("A", 2)], ownSize: 8), 1 << 40) == 2)
    #expect(
      try wide(scenario([("A", 0xffff_ffff)], [("A", 1 << 63)], ownSize: 8, otherSize: 8), 0xffff_ffff) == 1 << 63)
  }
}
