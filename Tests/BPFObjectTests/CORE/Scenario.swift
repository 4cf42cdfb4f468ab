// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BTF

/// One side of a relocation, an object's types or a kernel's, put together by hand.
struct Side {
  var builder: BTFBuilder

  init(base: BTFTypes? = nil) { builder = BTFBuilder(base: base) }

  func types() throws -> BTFTypes { try BTFTypes(bytes: builder.encode(), base: builder.base) }

  mutating func unsigned(_ size: Int) throws -> TypeID {
    try builder.add(.int(BTFInteger(name: "u\(size * 8)", size: size)))
  }

  mutating func signed(_ size: Int) throws -> TypeID {
    try builder.add(.int(BTFInteger(name: "s\(size * 8)", size: size, encoding: .signed)))
  }

  mutating func pointer(_ target: TypeID = .void) throws -> TypeID { try builder.add(.pointer(target)) }

  mutating func array(_ element: TypeID, _ count: Int) throws -> TypeID {
    try builder.add(.array(BTFArray(element: element, index: element, count: count)))
  }

  /// Members as (name, type, byte offset).
  mutating func structure(_ name: String, size: Int, _ members: [(String, TypeID, Int)]) throws -> TypeID {
    try builder.add(.structure(Self.composite(name, size, members)))
  }

  mutating func union(_ name: String, size: Int, _ members: [(String, TypeID, Int)]) throws -> TypeID {
    try builder.add(.union(Self.composite(name, size, members)))
  }

  private static func composite(_ name: String, _ size: Int, _ members: [(String, TypeID, Int)]) -> BTFComposite {
    BTFComposite(
      name: name, size: size,
      members: members.map { BTFComposite.Member(name: $0.0, type: $0.1, bitOffset: $0.2 * 8) })
  }

  mutating func enumeration(
    _ name: String, _ values: [(String, UInt64)], size: Int = 4, signed: Bool = false
  ) throws -> TypeID {
    try builder.add(
      .enumeration(
        BTFEnumeration(
          name: name, size: size, isSigned: signed, is64Bit: size == 8,
          values: values.map { BTFEnumeration.Value(name: $0.0, bits: $0.1) })))
  }
}

/// An object's types, a kernel's, and one relocation at a time between them.
struct Scenario {
  var local = Side()
  var kernel = Side()
  var program: [Instruction] = []

  init() {}

  /// Relocates the first instruction of `program`, which then ends.
  func relocate(
    _ kind: COREKind, _ type: TypeID, _ access: String = "0", _ program: [Instruction], modules: [BTFTypes] = []
  ) throws -> (program: [Instruction], result: COREResult) {
    var local = local
    let record = CORERecord(byteOffset: 0, type: type, access: try local.builder.string(access), kind: kind)
    var linker = CORELinker(local: try local.types(), target: try kernel.types(), modules: { modules })
    var program = program
    let results = try linker.relocate(&program, [(0, record)], program: "probe")
    return (program, results[0])
  }

  /// The value that a `mov` with `expected` in it receives.
  func value(_ kind: COREKind, _ type: TypeID, _ access: String = "0", expected: Int32) throws -> Int32 {
    let (program, result) = try relocate(kind, type, access, [.move(.r0, .immediate(expected))])
    return result.isPoisoned ? -1 : program[0].immediate
  }
}

/// The reason for which `body` fails to relocate; nil if it does not.
func reason(_ body: () throws -> Void) -> COREError.Reason? {
  do {
    try body()
    return nil
  } catch {
    return (error as? COREError)?.reason
  }
}
