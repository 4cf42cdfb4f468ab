// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFELF
import TestSupport
import Testing

@testable import BPF

/// Indirect jumps. The compiler of this toolchain makes none, so the object is written here as LLVM lays it out.
@Suite(.requires(.root)) struct JumpTableTests {
  @Test(.works(from: "6.19")) func jumpsGoWhereTheTableSays() throws {
    let collection = try BPFCollection(bytes: try Self.object(), name: "jumps")
    try collection.load()
    for (length, result) in [(64, 10), (65, 20), (66, 30), (67, 40), (68, 10)] as [(Int, UInt32)] {
      #expect(try collection.run("jumps", on: [UInt8](repeating: 0, count: length)) == result)
    }
  }

  /// `switch (packet->len & 3)` with a way for each value.
  private static func object() throws -> [UInt8] {
    var code: [Instruction] = [
      .load(.r2, from: .r1, 0, size: .word), .and(.r2, 3), .arithmetic(.shiftLeft, .r2, 3),
    ]
    let table = code.count
    code += Instruction.loadWide(.r3, 0)
    code += [
      .add(.r3, .r2), .load(.r3, from: .r3, 0, size: .doubleWord),
      Instruction(opcode: .gotoRegister, registers: 3),
    ]
    var targets: [UInt64] = []
    for result in [10, 20, 30, 40] as [Int32] {
      targets.append(UInt64(code.count * 8))
      code += [.move(.r0, .immediate(result)), .exit]
    }
    var writer = ELFWriter()
    let section = writer.addSection(
      "tc", flags: [.allocate, .executable], alignment: 8, contents: Instruction.encode(code))
    let tables = writer.addSection(
      ".jumptables", alignment: 8,
      contents: targets.flatMap { target in withUnsafeBytes(of: target.littleEndian) { Array($0) } })
    writer.addSymbol(
      "jumps", type: .function, binding: .global, placement: .section(section), size: UInt64(code.count * 8))
    let symbol = writer.addSymbol(
      "table", type: .object, binding: .local, placement: .section(tables), size: UInt64(targets.count * 8))
    writer.addRelocation(section: section, offset: table * 8, symbol: symbol, type: .bpf64)
    return writer.encode()
  }
}
