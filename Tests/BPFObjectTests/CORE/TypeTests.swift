// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BTF
import Testing

@Suite struct CORETypeTests {
  /// A pair of types, the object's and the kernel's, of one name: whether they are compatible (so that the type exists)
  /// and whether they match.
  struct Case: CustomStringConvertible {
    var description: String
    var own: @Sendable (inout Side) throws -> TypeID
    var other: @Sendable (inout Side) throws -> TypeID
    var exists: Bool
    var matches: Bool

    init(
      _ description: String, exists: Bool = true, matches: Bool,
      _ own: @escaping @Sendable (inout Side) throws -> TypeID,
      _ other: @escaping @Sendable (inout Side) throws -> TypeID
    ) {
      (self.description, self.exists, self.matches, self.own, self.other) = (description, exists, matches, own, other)
    }
  }

  static func typedef(_ side: inout Side, _ type: TypeID) throws -> TypeID {
    try side.builder.add(.typedef(name: "t", type: type))
  }

  static func prototype(_ side: inout Side, _ result: TypeID, _ parameters: [TypeID]) throws -> TypeID {
    let parameters = parameters.map { BTFPrototype.Parameter(name: "", type: $0) }
    let pointee = try side.builder.add(.functionPrototype(BTFPrototype(result: result, parameters: parameters)))
    return try typedef(&side, side.pointer(pointee))
  }

  static let cases: [Case] = [
    Case("same struct", matches: true, { try $0.structure("t", size: 0, []) }, { try $0.structure("t", size: 0, []) }),
    Case("struct with a member more in the kernel", matches: true) {
      try $0.structure("t", size: 4, [("a", try $0.unsigned(4), 0)])
    } _: {
      let int = try $0.unsigned(4)
      return try $0.structure("t", size: 8, [("b", int, 0), ("a", int, 4)])
    },
    Case("struct with a member fewer in the kernel", matches: false) {
      let int = try $0.unsigned(4)
      return try $0.structure("t", size: 8, [("b", int, 0), ("a", int, 4)])
    } _: {
      try $0.structure("t", size: 4, [("a", try $0.unsigned(4), 0)])
    },
    Case("member of another size", matches: false) {
      try $0.structure("t", size: 4, [("a", try $0.unsigned(4), 0)])
    } _: {
      try $0.structure("t", size: 8, [("a", try $0.builder.add(.int(BTFInteger(name: "u32", size: 8))), 0)])
    },
    Case("struct and union", exists: false, matches: false) {
      try $0.structure("t", size: 0, [])
    } _: {
      try $0.union("t", size: 0, [])
    },
    Case("integers of other size and sign", matches: false) {
      try typedef(&$0, $0.builder.add(.int(BTFInteger(name: "int", size: 4, encoding: .signed))))
    } _: {
      try typedef(&$0, $0.builder.add(.int(BTFInteger(name: "int", size: 8))))
    },
    Case("typedefs of the same struct by pointer", matches: true) {
      try typedef(&$0, $0.pointer($0.structure("s", size: 4, [("x", try $0.unsigned(4), 0)])))
    } _: {
      try typedef(&$0, $0.pointer($0.structure("s", size: 0, [])))
    },
    Case("pointer to a struct declared only", exists: false, matches: true) {
      try typedef(&$0, $0.pointer($0.builder.add(.forward(name: "s", isUnion: false))))
    } _: {
      try typedef(&$0, $0.pointer($0.structure("s", size: 0, [])))
    },
    Case("pointer to a union declared only", exists: true, matches: false) {
      try typedef(&$0, $0.pointer($0.builder.add(.forward(name: "s", isUnion: true))))
    } _: {
      try typedef(&$0, $0.pointer($0.builder.add(.forward(name: "s", isUnion: false))))
    },
    Case("pointer and integer", exists: false, matches: false) {
      try typedef(&$0, $0.pointer())
    } _: {
      try typedef(&$0, $0.unsigned(8))
    },
    Case("arrays of other length", matches: false) {
      try typedef(&$0, $0.array($0.unsigned(4), 2))
    } _: {
      try typedef(&$0, $0.array($0.unsigned(4), 3))
    },
    Case("enumeration with more values in the kernel", matches: true) {
      try $0.enumeration("t", [("B", 1)])
    } _: {
      try $0.enumeration("t", [("A", 1), ("B", 5)])
    },
    Case("enumeration with a value that the kernel lacks", matches: false) {
      try $0.enumeration("t", [("C", 1)])
    } _: {
      try $0.enumeration("t", [("A", 1), ("B", 5)])
    },
    Case("enumerations of both widths", matches: false) {
      try $0.enumeration("t", [("A", 1)])
    } _: {
      try $0.enumeration("t", [("A", 1)], size: 8)
    },
    Case("function pointers alike", matches: true) {
      let int = try $0.unsigned(4)
      return try prototype(&$0, int, [int, $0.pointer()])
    } _: {
      let int = try $0.unsigned(4)
      return try prototype(&$0, int, [int, $0.pointer()])
    },
    Case("function pointers with another parameter", exists: false, matches: false) {
      let int = try $0.unsigned(4)
      return try prototype(&$0, int, [int])
    } _: {
      let int = try $0.unsigned(4)
      return try prototype(&$0, int, [$0.pointer()])
    },
    Case("function pointers with a parameter more", exists: false, matches: false) {
      let int = try $0.unsigned(4)
      return try prototype(&$0, int, [int])
    } _: {
      let int = try $0.unsigned(4)
      return try prototype(&$0, int, [int, int])
    },
  ]

  @Test(arguments: cases)
  func existsAndMatches(_ test: Case) throws {
    var scenario = Scenario()
    let own = try test.own(&scenario.local)
    let other = try test.other(&scenario.kernel)
    #expect(try scenario.value(.typeExists, own, expected: 1) == (test.exists ? 1 : 0))
    #expect(try scenario.value(.typeMatches, own, expected: 1) == (test.matches ? 1 : 0))
    let id = try scenario.value(.targetTypeID, own, expected: 4711)
    #expect(id == (test.exists ? Int32(other.rawValue) : 0))
    #expect(try scenario.value(.localTypeID, own, expected: 4711) == Int32(own.rawValue))
  }

  @Test func sizeIsTheKernels() throws {
    var scenario = Scenario()
    let own = try scenario.local.structure("t", size: 12, [])
    let lost = try scenario.local.structure("lost", size: 12, [])
    _ = try scenario.kernel.structure("t", size: 48, [])
    #expect(try scenario.value(.typeSize, own, expected: 12) == 48)
    #expect(try scenario.value(.typeSize, lost, expected: 12) == 0)
  }

  @Test func anonymousTypesCannotBeFound() throws {
    var scenario = Scenario()
    let own = try scenario.local.structure("", size: 12, [])
    _ = try scenario.kernel.structure("t", size: 48, [])
    #expect(reason { _ = try scenario.value(.typeExists, own, expected: 1) } == .anonymousType)
    #expect(try scenario.value(.localTypeID, own, expected: 1) == 1)
  }
}
