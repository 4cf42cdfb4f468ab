// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFInterpreter
import BPFObject
import Testing

/// Each instruction by itself, with the values where something goes wrong in an interpreter.
@Suite struct InstructionTests {
  struct Case: Sendable, CustomStringConvertible {
    var description: String
    var code: [Instruction]
    var result: UInt64

    init(_ description: String, _ code: [Instruction], _ result: UInt64) {
      (self.description, self.code, self.result) = (description, code, result)
    }

    /// r0 = r0 operation operand, from two values.
    init(
      _ operation: ArithmeticOperation, _ a: UInt64, _ b: UInt64, _ result: UInt64, width: OperandWidth = .bits64,
      signed: Bool = false
    ) {
      let slot =
        signed
        ? Instruction.signed(operation, .r0, .r1, width: width) : .arithmetic(operation, .r0, .r1, width: width)
      self.init(
        "\(slot) with \(Int64(bitPattern: a)), \(Int64(bitPattern: b))",
        Instruction.loadWide(.r0, a) + Instruction.loadWide(.r1, b) + [slot, .exit], result)
    }
  }

  static let smallest = UInt64(1) << 63
  static let minusOne = UInt64.max
  static func negative(_ value: Int64) -> UInt64 { UInt64(bitPattern: -value) }
  static func word(_ value: Int32) -> UInt64 { UInt64(UInt32(bitPattern: value)) }

  static let arithmetic: [Case] = [
    Case(.add, minusOne, 2, 1), Case(.subtract, 1, 2, minusOne), Case(.multiply, smallest, 2, 0),
    Case(.divide, minusOne, 2, UInt64(Int64.max)), Case(.divide, 7, 0, 0), Case(.modulo, 7, 0, 7),
    Case(.modulo, minusOne, 10, 5), Case(.or, 0xf0, 0x0f, 0xff), Case(.and, 0xff, 0x0f, 0x0f),
    Case(.xor, 0xff, minusOne, ~0xff), Case(.shiftLeft, 1, 63, smallest), Case(.shiftLeft, 1, 65, 2),
    Case(.shiftRight, smallest, 63, 1), Case(.shiftRightSigned, smallest, 63, minusOne), Case(.move, 1, 2, 2),
    Case(.divide, negative(13), 3, negative(4), signed: true),
    Case(.modulo, negative(13), 3, negative(1), signed: true),
    Case(.modulo, 13, negative(3), 1, signed: true), Case(.divide, smallest, minusOne, smallest, signed: true),
    Case(.modulo, smallest, minusOne, 0, signed: true), Case(.divide, 5, 0, 0, signed: true),
    Case(.modulo, negative(5), 0, negative(5), signed: true),
  ]

  static let arithmetic32: [Case] = [
    Case(.add, 0xffff_ffff, 1, 0, width: .bits32), Case(.subtract, 0, 1, 0xffff_ffff, width: .bits32),
    Case(.multiply, 0x8000_0001, 2, 2, width: .bits32), Case(.divide, 0x1_0000_0009, 2, 4, width: .bits32),
    Case(.divide, 9, 0x1_0000_0000, 0, width: .bits32), Case(.modulo, 0xf_0000_0007, 0, 7, width: .bits32),
    Case(.or, minusOne, 0, 0xffff_ffff, width: .bits32), Case(.and, minusOne, minusOne, 0xffff_ffff, width: .bits32),
    Case(.xor, minusOne, 0, 0xffff_ffff, width: .bits32), Case(.shiftLeft, 1, 33, 2, width: .bits32),
    Case(.shiftRight, 0xf_8000_0000, 31, 1, width: .bits32),
    Case(.shiftRightSigned, 0x8000_0000, 31, 0xffff_ffff, width: .bits32),
    Case(.move, 0, minusOne, 0xffff_ffff, width: .bits32),
    Case(.divide, word(-13), word(3), word(-4), width: .bits32, signed: true),
    Case(.divide, word(.min), word(-1), word(.min), width: .bits32, signed: true),
    Case(.modulo, word(.min), word(-1), 0, width: .bits32, signed: true),
    Case(.modulo, word(-13), 0, word(-13), width: .bits32, signed: true),
  ]

  static let moves: [Case] = [
    Case("neg", Sample.with(5, .move(.r0, .r1), .negate(.r0)), negative(5)),
    Case("neg of the smallest", Sample.with(smallest, .move(.r0, .r1), .negate(.r0)), smallest),
    Case("neg32", Sample.with(1, .move(.r0, .r1), .negate(.r0, width: .bits32)), 0xffff_ffff),
    Case("movs8", Sample.with(0x80, .moveSigned(.r0, .r1, bits: 8)), negative(128)),
    Case("movs16", Sample.with(0x8000, .moveSigned(.r0, .r1, bits: 16)), negative(32768)),
    Case("movs32", Sample.with(0x8000_0000, .moveSigned(.r0, .r1, bits: 32)), negative(1 << 31)),
    Case("movs8 to 32", Sample.with(0x1ff, .moveSigned(.r0, .r1, bits: 8, width: .bits32)), 0xffff_ffff),
    Case("movs16 to 32", Sample.with(0x7fff, .moveSigned(.r0, .r1, bits: 16, width: .bits32)), 0x7fff),
    Case("a constant is sign-extended", [.move(.r0, -2), .exit], negative(2)),
    Case("but not to 64 bits of a 32-bit move", [.move(.r0, -2, width: .bits32), .exit], 0xffff_fffe),
    Case("be16", Sample.with(0x1122_3344, .move(.r0, .r1), .bigEndian(.r0, bits: 16)), 0x4433),
    Case("be32", Sample.with(0xaa_1122_3344, .move(.r0, .r1), .bigEndian(.r0, bits: 32)), 0x4433_2211),
    Case("be64", Sample.with(0x11, .move(.r0, .r1), .bigEndian(.r0, bits: 64)), 0x11 << 56),
    Case("le16", Sample.with(0x1122_3344, .move(.r0, .r1), .littleEndian(.r0, bits: 16)), 0x3344),
    Case("le32", Sample.with(minusOne, .move(.r0, .r1), .littleEndian(.r0, bits: 32)), 0xffff_ffff),
    Case("bswap16", Sample.with(0x1122_3344, .move(.r0, .r1), .byteSwap(.r0, bits: 16)), 0x4433),
    Case("bswap32", Sample.with(0x1122_3344, .move(.r0, .r1), .byteSwap(.r0, bits: 32)), 0x4433_2211),
    Case("bswap64", Sample.with(0x1122, .move(.r0, .r1), .byteSwap(.r0, bits: 64)), 0x2211 << 48),
    Case("lddw", Instruction.loadWide(.r0, 0x1122_3344_5566_7788) + [.exit], 0x1122_3344_5566_7788),
  ]

  @Test(arguments: arithmetic + arithmetic32 + moves) func computes(_ test: Case) throws {
    #expect(try Sample.run(test.code) == test.result)
  }

  /// Whether a jump is taken, for each condition and width.
  @Test(
    arguments: [
      (JumpOperation.equal, 5, 5, true), (.equal, 5, 6, false), (.notEqual, 5, 6, true), (.greater, -1, 1, true),
      (.greater, 1, 1, false), (.greaterOrEqual, 1, 1, true), (.less, 1, -1, true), (.lessOrEqual, 2, 1, false),
      (.anyBit, 6, 3, true), (.anyBit, 4, 3, false), (.greaterSigned, -1, 1, false), (.greaterSigned, 1, -1, true),
      (.greaterOrEqualSigned, -1, -1, true), (.lessSigned, -2, -1, true), (.lessSigned, 1, -1, false),
      (.lessOrEqualSigned, -1, -1, true),
    ] as [(JumpOperation, Int32, Int32, Bool)])
  func jumps(_ condition: JumpOperation, _ a: Int32, _ b: Int32, _ isTaken: Bool) throws {
    for width in [OperandWidth.bits64, .bits32] {
      for operand in [Operand.immediate(b), .r2] {
        let code: [Instruction] = [
          .move(.r1, .immediate(a)), .move(.r2, .immediate(b)), .move(.r0, 1),
          .jump(if: .r1, condition, operand, 1, width: width), .move(.r0, 0), .exit,
        ]
        #expect(try Sample.run(code) == (isTaken ? 1 : 0), "\(width), \(operand)")
      }
    }
  }

  /// 32-bit comparisons do not look at the upper halves.
  @Test func comparesOnlyTheLowerHalf() throws {
    let code =
      Instruction.loadWide(.r1, 0xf_0000_0001)
      + [.move(.r0, 1), .jump(if: .r1, .equal, 1, 1, width: .bits32), .move(.r0, 0), .exit]
    #expect(try Sample.run(code) == 1)
  }

  @Test func gotoLong() throws {
    #expect(try Sample.run([.move(.r0, 3), .gotoLong(1), .move(.r0, 4), .exit]) == 3)
    #expect(try Sample.run([.goto(2), .move(.r0, 9), .exit, .gotoLong(-3)]) == 9)
  }

  @Test(arguments: AccessSize.allCases) func loadsAndStores(_ size: AccessSize) throws {
    let bits = UInt64(size.byteCount * 8)
    let mask = bits == 64 ? UInt64.max : (1 << bits) - 1
    let value: UInt64 = 0x8877_6655_c433_f2f1
    for isConstant in [false, true] {
      let code =
        Instruction.loadWide(.r1, value)
        + [
          .store(0, to: .r10, -8, size: .doubleWord),
          .store(isConstant ? -3 : .r1, to: .r10, -8, size: size), .load(.r0, from: .r10, -8, size: size), .exit,
        ]
      let stored = isConstant ? UInt64(bitPattern: -3) : value
      #expect(try Sample.run(code) == stored & mask)
      guard size != .doubleWord else { continue }
      var signed = code
      signed[signed.count - 2] = .load(.r0, from: .r10, -8, size: size, signed: true)
      let extended = Int64(bitPattern: stored << (64 - bits)) >> (64 - Int64(bits))
      #expect(try Sample.run(signed) == UInt64(bitPattern: extended))
    }
  }

  /// Operation, memory before, r1, memory after, r1 after; r0 is 5.
  @Test(
    arguments: [
      (AtomicOperation.add, 7, 3, 10, 3), (.or, 4, 3, 7, 3), (.and, 6, 3, 2, 3), (.xor, 6, 3, 5, 3),
      (.fetchAdd, 7, 3, 10, 7), (.fetchOr, 4, 3, 7, 4), (.fetchAnd, 6, 3, 2, 6), (.fetchXor, 6, 3, 5, 6),
      (.exchange, 6, 3, 3, 6), (.compareExchange, 5, 3, 3, 3), (.compareExchange, 6, 3, 6, 3),
    ] as [(AtomicOperation, UInt64, UInt64, UInt64, UInt64)])
  func atomics(
    _ operation: AtomicOperation, _ before: UInt64, _ operand: UInt64, _ after: UInt64, _ register: UInt64
  ) throws {
    for size in [AccessSize.word, .doubleWord] {
      let setUp =
        Instruction.loadWide(.r2, before) + Instruction.loadWide(.r1, operand)
        + [
          .move(.r0, 5), .store(0, to: .r10, -8, size: .doubleWord), .store(.r2, to: .r10, -8, size: size),
          .atomic(operation, .r1, at: .r10, -8, size: size),
        ]
      #expect(try Sample.run(setUp + [.load(.r0, from: .r10, -8, size: size), .exit]) == after)
      #expect(try Sample.run(setUp + [.move(.r0, .r1), .exit]) == register)
      let old = operation == .compareExchange ? before : 5
      #expect(try Sample.run(setUp + [.exit]) == old)
    }
  }

  @Test(arguments: AccessSize.allCases) func ordered(_ size: AccessSize) throws {
    let code: [Instruction] = [
      .store(0, to: .r10, -8, size: .doubleWord), .move(.r1, 77),
      .atomic(.storeRelease, .r1, at: .r10, -8, size: size), .atomic(.loadAcquire, .r0, at: .r10, -8, size: size),
      .exit,
    ]
    #expect(try Sample.run(code) == 77)
  }

  @Test func subprogramsKeepTheCallersRegisters() throws {
    let code: [Instruction] = [
      .move(.r6, 40), .move(.r1, 2), .store(9, to: .r10, -8, size: .doubleWord), .callSubprogram(3),
      .add(.r0, .r6), .load(.r1, from: .r10, -8, size: .doubleWord), .exit,
      .move(.r6, 1), .store(1, to: .r10, -8, size: .doubleWord), .move(.r0, .r1), .exit,
    ]
    #expect(try Sample.run(code) == 42)
  }

  @Test func legacyPacketLoads() throws {
    let code: [Instruction] = [
      .move(.r6, .r1), .loadPacket(12, size: .halfWord), .move(.r7, .r0), .move(.r2, 2),
      .loadPacket(.r2, 0, size: .byte), .add(.r0, .r7), .exit,
    ]
    let packet = [UInt8](0..<20)
    let run = try Interpreter(instructions: code, type: .schedCLS).run(packet: packet)
    #expect(run.r0 == 0x0c0d + 2)
    let short = try Interpreter(instructions: [.move(.r6, .r1), .loadPacket(60, size: .word), .move(.r0, 1), .exit])
    #expect(try short.run("main", .socketBuffer(packet)).r0 == 0)
  }
}
