// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BTF
import Testing

@Suite struct COREBitFieldTests {
  struct Case: CustomStringConvertible {
    /// In the kernel: bits from the start of the struct, bits, and the bytes of the declared type.
    var offset: Int
    var bits: Int
    var size: Int
    var signed = false
    /// Byte offset and bytes of the load, then the shifts.
    var expected: [Int32]

    var description: String { "\(bits) bits at \(offset) of \(size) bytes" }
  }

  @Test(arguments: [
    Case(offset: 0, bits: 1, size: 4, expected: [0, 4, 63, 63, 0]),
    Case(offset: 35, bits: 5, size: 4, signed: true, expected: [4, 4, 56, 59, 1]),
    Case(offset: 63, bits: 1, size: 1, expected: [7, 1, 56, 63, 0]),
    // Across two units of its type: the load is widened.
    Case(offset: 30, bits: 4, size: 4, expected: [0, 8, 30, 60, 0]),
    Case(offset: 14, bits: 4, size: 1, expected: [0, 4, 46, 60, 0]),
    Case(offset: 64, bits: 32, size: 8, expected: [8, 8, 32, 32, 0]),
  ])
  func givesLoadAndShifts(_ test: Case) throws {
    var scenario = Scenario()
    let a = try scenario.local.unsigned(4)
    let own = try scenario.local.structure("flags", size: 4, [("bit", a, 0)])
    let b = test.signed ? try scenario.kernel.signed(test.size) : try scenario.kernel.unsigned(test.size)
    _ = try scenario.kernel.builder.add(
      .structure(
        BTFComposite(
          name: "flags", size: 16,
          members: [BTFComposite.Member(name: "bit", type: b, bitOffset: test.offset, bitSize: test.bits)])))
    let kinds: [(COREKind, Int32)] = [
      (.fieldByteOffset, 0), (.fieldByteSize, 4), (.fieldLeftShift, 32), (.fieldRightShift, 32), (.fieldSigned, 0),
    ]
    for ((kind, original), expected) in zip(kinds, test.expected) {
      #expect(try scenario.value(kind, own, "0:0", expected: original) == expected, "\(kind)")
    }
  }

  @Test func noLoadCoversMoreThanEightBytes() throws {
    var scenario = Scenario()
    let a = try scenario.local.unsigned(8)
    let own = try scenario.local.structure("flags", size: 8, [("bit", a, 0)])
    let b = try scenario.kernel.unsigned(8)
    _ = try scenario.kernel.builder.add(
      .structure(
        BTFComposite(
          name: "flags", size: 16,
          members: [BTFComposite.Member(name: "bit", type: b, bitOffset: 60, bitSize: 8)])))
    #expect(
      reason { _ = try scenario.value(.fieldByteOffset, own, "0:0", expected: 0) }
        == .unsupported("the bit field spans more than 8 bytes, which no load reads"))
  }

  /// Compilers choose a bit field's load themselves, so what the instruction holds is not compared with the object's.
  @Test func ownValueIsUncertain() throws {
    var scenario = Scenario()
    let a = try scenario.local.unsigned(4)
    let own = try scenario.local.builder.add(
      .structure(
        BTFComposite(
          name: "flags", size: 8, members: [BTFComposite.Member(name: "bit", type: a, bitOffset: 40, bitSize: 3)])))
    let b = try scenario.kernel.unsigned(4)
    _ = try scenario.kernel.structure("flags", size: 16, [("bit", b, 12)])
    #expect(try scenario.value(.fieldByteOffset, own, "0:0", expected: 5) == 12)
    #expect(try scenario.value(.fieldRightShift, own, "0:0", expected: 61) == 32)
    // The right shift is never in doubt.
    #expect(
      reason { _ = try scenario.value(.fieldRightShift, own, "0:0", expected: 60) }
        == .unexpectedValue(found: 60, expected: 61))
  }
}
