// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BTF
import Testing

@Suite struct COREFieldTests {
  /// A field of one size here and another there, in a struct where it also moved from byte 8 to byte 16.
  private func scenario(_ own: (inout Side) throws -> TypeID, _ other: (inout Side) throws -> TypeID) throws -> Scenario
  {
    var scenario = Scenario()
    let (a, b) = (try own(&scenario.local), try other(&scenario.kernel))
    _ = try scenario.local.structure("task", size: 64, [("pad", a, 0), ("field", a, 8)])
    _ = try scenario.kernel.structure("task", size: 64, [("field", b, 16)])
    return scenario
  }

  private static let load = Instruction.load(.r1, from: .r2, 8, size: .word)

  @Test(arguments: [(1, AccessSize.byte), (2, .halfWord), (4, .word), (8, .doubleWord)])
  func unsignedAccessIsResized(size: Int, expected: AccessSize) throws {
    let scenario = try scenario({ try $0.unsigned(4) }, { try $0.unsigned(size) })
    let task = TypeID(2)
    #expect(
      try scenario.relocate(.fieldByteOffset, task, "0:1", [Self.load]).program == [
        .load(.r1, from: .r2, 16, size: expected)
      ])
    #expect(
      try scenario.relocate(.fieldByteOffset, task, "0:1", [.store(.r3, to: .r2, 8, size: .word)]).program == [
        .store(.r3, to: .r2, 16, size: expected)
      ])
    #expect(
      try scenario.relocate(.fieldByteOffset, task, "0:1", [.store(7, to: .r2, 8, size: .word)]).program == [
        .store(7, to: .r2, 16, size: expected)
      ])
    // An address, not an access: no size to care about.
    #expect(try scenario.relocate(.fieldByteOffset, task, "0:1", [.add(.r1, 8)]).program == [.add(.r1, 16)])
  }

  @Test func signedAccessOfAnotherSizeIsPoisoned() throws {
    let scenario = try scenario({ try $0.signed(4) }, { try $0.signed(8) })
    let (program, result) = try scenario.relocate(.fieldByteOffset, 2, "0:1", [Self.load])
    #expect(program == [CORELinker.poison])
    #expect(result.outcome == .poisoned(.wrongSize(own: 4, kernel: 8)))
    #expect(try scenario.value(.fieldByteOffset, 2, "0:1", expected: 8) == 16)
  }

  @Test func signedAccessOfTheSameSizeIsFine() throws {
    let scenario = try scenario({ try $0.signed(4) }, { try $0.unsigned(4) })
    #expect(try scenario.relocate(.fieldByteOffset, 2, "0:1", [Self.load]).program[0].offset == 16)
  }

  @Test func accessMustHaveTheFieldsSize() throws {
    let scenario = try scenario({ try $0.unsigned(8) }, { try $0.unsigned(4) })
    #expect(
      reason { _ = try scenario.relocate(.fieldByteOffset, 2, "0:1", [Self.load]) }
        == .unexpectedSize(access: 4, field: 8))
  }

  @Test func noLoadReadsSixteenBytes() throws {
    let scenario = try scenario({ try $0.unsigned(4) }, { try $0.unsigned(16) })
    #expect(reason { _ = try scenario.relocate(.fieldByteOffset, 2, "0:1", [Self.load]) } == .unsupportedSize(16))
  }

  @Test func differentTypesDoNotFit() throws {
    let scenario = try scenario({ try $0.unsigned(8) }, { try $0.pointer() })
    let (program, result) = try scenario.relocate(.fieldByteOffset, 2, "0:1", [Self.load])
    #expect(program == [CORELinker.poison])
    #expect(result.outcome == .poisoned(.absent))
    #expect(result.description.contains("guard its use with bpf_core_field_exists()"))
    #expect(try scenario.value(.fieldExists, 2, "0:1", expected: 1) == 0)
  }

  @Test func offsetsBeyondALoadAreAnError() throws {
    var scenario = Scenario()
    let (a, b) = (try scenario.local.unsigned(4), try scenario.kernel.unsigned(4))
    let own = try scenario.local.structure("big", size: 8, [("x", a, 0)])
    _ = try scenario.kernel.structure("big", size: 65536, [("x", b, 32768)])
    #expect(
      reason { _ = try scenario.relocate(.fieldByteOffset, own, "0:0", [.load(.r1, from: .r1, 0, size: .word)]) }
        == .offsetOutOfRange(32768))
    #expect(try scenario.value(.fieldByteOffset, own, "0:0", expected: 0) == 32768)
  }

  @Test func findsFieldsInAnonymousMembers() throws {
    var scenario = Scenario()
    let a = try scenario.local.unsigned(4)
    let own = try scenario.local.structure("outer", size: 4, [("wanted", a, 0)])
    let b = try scenario.kernel.unsigned(4)
    let inner = try scenario.kernel.structure("", size: 12, [("other", b, 0), ("wanted", b, 8)])
    let middle = try scenario.kernel.union("", size: 12, [("first", b, 0), ("", inner, 0)])
    _ = try scenario.kernel.structure("outer", size: 32, [("", b, 0), ("", middle, 16)])
    let (program, result) = try scenario.relocate(.fieldByteOffset, own, "0:0", [.move(.r1, 0)])
    #expect(program == [.move(.r1, 24)])
    #expect(result.binding == COREBinding(path: "outer.wanted", type: 4, value: 24))
  }

  @Test func followsArraysOfStructs() throws {
    var scenario = Scenario()
    func make(_ side: inout Side, stride: Int, count: Int) throws -> TypeID {
      let int = try side.unsigned(4)
      let element = try side.structure("element", size: stride, [("a", int, 0), ("b", int, 4)])
      let array = try side.array(element, count)
      return try side.structure("table", size: 8 + stride * count, [("count", int, 0), ("rows", array, 8)])
    }
    let own = try make(&scenario.local, stride: 8, count: 4)
    _ = try make(&scenario.kernel, stride: 24, count: 3)
    // rows[2].b; rows[3] is beyond the kernel's array; table[1].rows[0].a; the size of a row, of all.
    #expect(try scenario.value(.fieldByteOffset, own, "0:1:2:1", expected: 8 + 16 + 4) == 8 + 48 + 4)
    #expect(try scenario.value(.fieldExists, own, "0:1:3:1", expected: 1) == 0)
    #expect(try scenario.value(.fieldByteOffset, own, "1:1:0:0", expected: 40 + 8) == 80 + 8)
    #expect(try scenario.value(.fieldByteSize, own, "0:1:1", expected: 8) == 24)
    #expect(try scenario.value(.fieldByteSize, own, "0:1", expected: 32) == 72)
    #expect(
      reason { _ = try scenario.value(.fieldSigned, own, "0:1:1", expected: 0) }
        == .unsupported("an array's element has no field signedness"))
  }

  /// (elements in the object, in the kernel, whether it is the kernel's last member, index, fits)
  @Test(arguments: [
    (1, 0, true, 0, true), (0, 0, true, 5, true), (0, 0, false, 5, false), (0, 3, true, 2, true),
    (0, 3, true, 3, false), (6, 0, true, 5, true),
  ])
  func flexibleArraysHaveNoEnd(own: Int, other: Int, isLast: Bool, index: Int, fits: Bool) throws {
    var scenario = Scenario()
    let a = try scenario.local.unsigned(4)
    let array = try scenario.local.array(a, own)
    let record = try scenario.local.structure("flexible", size: 8, [("n", a, 0), ("items", array, 8)])
    let b = try scenario.kernel.unsigned(4)
    let target = try scenario.kernel.array(b, other)
    _ = try scenario.kernel.structure(
      "flexible", size: 24, [("n", b, 0), ("items", target, 16)] + (isLast ? [] : [("last", b, 16)]))
    let expected = Int32(8 + 4 * index)
    let value = try scenario.value(.fieldByteOffset, record, "0:1:\(index)", expected: expected)
    #expect(value == (fits ? Int32(16 + 4 * index) : -1))
  }
}
