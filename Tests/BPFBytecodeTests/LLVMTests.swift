// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import BPFBytecode

/// Our text against that of LLVM's disassembler, over a random program that holds each form of each instruction.
@Suite struct LLVMTests {
  @Test(.requires(.llvm))
  func agreesWithLLVM() throws {
    var generator = SeededRandom(seed: 4)
    let program = Self.everyInstruction(&generator)
    for (index, slot) in program.enumerated() where slot.opcode.rawValue != 0 {
      #expect(slot.defect == nil, "\(index): \(slot)")
    }
    let lines = try Self.disassembly(program.map(\.rawValue))
    let ours = program.disassembled()
    #expect(lines.count == ours.count)
    for (line, our) in zip(lines, ours) {
      #expect(!line.contains("<unknown>"), "LLVM does not know \(our)")
      #expect(Self.inLLVMsNotation(our.text) == Self.plain(line))
    }
  }

  /// Whatever LLVM can decode, we can name.
  @Test(.requires(.llvm))
  func knowsEveryOpcodeThatLLVMKnows() throws {
    let immediates: [UInt64] = [0, 1, 16, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1, 0x100, 0x110]
    let slots: [UInt64] = (UInt64(0)...255).filter { $0 != 0x18 }.flatMap { opcode in
      immediates.map { immediate in opcode | 0x2100 | immediate << 32 }
    }
    let lines = try Self.disassembly(slots)
    try #require(lines.count == slots.count)
    var known = 0
    for (line, raw) in zip(lines, slots) where !line.contains("<unknown>") {
      known += 1
      #expect(!Instruction(rawValue: raw).description.hasPrefix("BUG"), "\(line)")
    }
    #expect(known > 1000)
  }

  /// What llvm-objdump prints for each instruction.
  static func disassembly(_ slots: [UInt64]) throws -> [String] {
    let objdump = try #require(LLVM.objdump)
    let clang = try #require(LLVM.clang)
    return try withTemporaryDirectory { directory in
      let (source, object) = (directory + "/program.s", directory + "/program.o")
      let words = slots.map { ".8byte 0x" + String($0, radix: 16) }
      try (".text\n" + words.joined(separator: "\n") + "\n").write(toFile: source, atomically: true, encoding: .utf8)
      try Shell.check([clang, "-target", "bpfel", "-mcpu=v4", "-c", source, "-o", object])
      return try Shell.check([objdump, "-d", "--mcpu=v4", "--no-show-raw-insn", "--no-addresses", object])
        .split(separator: "\n").filter { $0.first?.isWhitespace == true }.map(String.init)
    }
  }

  static func everyInstruction(_ generator: inout some RandomNumberGenerator) -> [Instruction] {
    var program: [Instruction] = []
    func register() -> Register { Register(rawValue: UInt8.random(in: 0...9, using: &generator)) }
    func offset() -> Int16 { Int16.random(in: .min...Int16.max, using: &generator) }
    func immediate() -> Int32 { Int32.random(in: .min...Int32.max, using: &generator) }

    let operations: [ArithmeticOperation] = [.add, .subtract, .multiply, .or, .and, .xor, .move, .divide, .modulo]
    let shifts: [ArithmeticOperation] = [.shiftLeft, .shiftRight, .shiftRightSigned]
    let conditions: [JumpOperation] = [
      .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .lessSigned, .lessOrEqualSigned,
      .greaterSigned, .greaterOrEqualSigned, .anyBit,
    ]
    for width in [OperandWidth.bits32, .bits64] {
      for operation in operations + shifts {
        program.append(.arithmetic(operation, register(), .register(register()), width: width))
      }
      for operation in operations {
        program.append(.arithmetic(operation, register(), .immediate(immediate() | 1), width: width))
      }
      for operation in shifts {
        let bits = Int32.random(in: 0...31, using: &generator)
        program.append(.arithmetic(operation, register(), .immediate(bits), width: width))
      }
      for operation in [ArithmeticOperation.divide, .modulo] {
        program.append(.signed(operation, register(), .register(register()), width: width))
        program.append(.signed(operation, register(), .immediate(immediate() | 1), width: width))
      }
      for bits in [8, 16] as [Int16] { program.append(.moveSigned(register(), register(), bits: bits, width: width)) }
      program.append(.negate(register(), width: width))
      for condition in conditions {
        program.append(.jump(if: register(), condition, .register(register()), offset(), width: width))
        program.append(.jump(if: register(), condition, .immediate(immediate()), offset(), width: width))
      }
    }
    program.append(.moveSigned(register(), register(), bits: 32))
    for bits in [16, 32, 64] as [Int32] {
      program += [.bigEndian(register(), bits: bits), .littleEndian(register(), bits: bits)]
      program.append(.byteSwap(register(), bits: bits))
    }
    program.append(.addressSpaceCast(register(), register(), to: 0, from: 1))
    for size in AccessSize.allCases {
      program.append(.load(register(), from: register(), offset(), size: size))
      if size != .doubleWord { program.append(.load(register(), from: register(), offset(), size: size, signed: true)) }
      program.append(.store(.register(register()), to: .r10, offset(), size: size))
      program.append(.store(.immediate(immediate()), to: register(), offset(), size: size))
      program.append(.atomic(.loadAcquire, register(), at: register(), offset(), size: size))
      program.append(.atomic(.storeRelease, register(), at: register(), offset(), size: size))
      if size != .doubleWord { program += [.loadPacket(immediate(), size: size)] }
      if size != .doubleWord {
        program += [.loadPacket(register(), Int32.random(in: 0...99, using: &generator), size: size)]
      }
    }
    for size in [AccessSize.word, .doubleWord] {
      let atomics: [AtomicOperation] = [
        .add, .or, .and, .xor, .fetchAdd, .fetchOr, .fetchAnd, .fetchXor, .exchange, .compareExchange,
      ]
      for operation in atomics { program.append(.atomic(operation, register(), at: register(), offset(), size: size)) }
    }
    program += Instruction.loadWide(register(), UInt64.random(in: 0...UInt64(Int64.max), using: &generator))
    program += [.call(.ktimeGetNS), .goto(offset()), .gotoLong(immediate()), .mayGoto(offset()), .exit]
    return program
  }
}

// LLVM writes numbers in hexadecimal, jumps without "pc", and atomics shorter.
extension LLVMTests {
  static func inLLVMsNotation(_ text: String) -> String {
    var text = String(text.dropFirst(5))
    text = text.replacing(/pc([+-])(\d+)/) { "\($0.1)\($0.2)" }
    text = text.replacing(/call bpf_\w+#(\d+)/) { "call \($0.1)" }
    // (u64 *)(r1 +8)
    text = text.replacing(/atomic64_(cmpxchg|xchg)\(\(u64 \*\)\((r\d+) ([+-]\d+)\)/) { "\($0.1)_64(\($0.2) \($0.3)" }
    text = text.replacing(/atomic_cmpxchg\(\(u32 \*\)\((r\d+) ([+-]\d+)\)/) { "cmpxchg32_32(\($0.1) \($0.2)" }
    text = text.replacing(/atomic_xchg\(\(u32 \*\)\((r\d+) ([+-]\d+)\)/) { "xchg32_32(\($0.1) \($0.2)" }
    text = text.replacing("atomic64_", with: "atomic_")
    // LLVM does not print the constant of an indirect packet load.
    text = text.replacing(/skb\[(r\d+) \+ -?\d+\]/) { "skb[\($0.1)]" }
    // A comparison's constant: unsigned in the kernel's text.
    text = text.replacing(/0x([0-9a-f]+) goto/) {
      "\(UInt32($0.1, radix: 16).map { String(Int32(bitPattern: $0)) } ?? "?") goto"
    }
    return plain(text)
  }

  /// Without spaces, numbers in decimal, and registers of any width as `r`: LLVM's 32-bit loads and atomics name `w`.
  static func plain(_ line: String) -> String {
    var line = line.replacing(/0x([0-9a-f]+)/) { UInt64($0.1, radix: 16).map(String.init) ?? "?" }
    line = line.replacing(/\sll$/, with: "")
    line = line.replacing(/<[^<>=]*>$/) { _ in "" }
    line = line.replacing(/\bw(\d)/) { "r\($0.1)" }
    return line.filter { !$0.isWhitespace }
  }
}
