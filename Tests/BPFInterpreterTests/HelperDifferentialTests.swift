// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFBytecode
import BPFInterpreter
import BPFObject
import BPFSystem
import TestSupport
import Testing

/// Sequences of packet helpers with random arguments: the kernel's answers, and its packet in the end.
///
/// A program keeps each answer in an array, at the number of the call.
@Suite(.requires(.root), .requires(kernel: "6.6")) struct HelperDifferentialTests {
  static let answers = MapSpec(name: "answers", type: .array, keySize: 4, valueSize: 8, maxEntries: 16)
  static let callCount = 8

  struct Generator {
    var random: SeededRandom
    var code = Assembler()

    mutating func number(_ range: ClosedRange<Int32>) -> Int32 { .random(in: range, using: &random) }

    /// 32 bytes at r10 - 64.
    mutating func fillBuffer() {
      for slot in 1...4 {
        code.emit(Instruction.loadWide(.r0, random.next()))
        code.emit(.store(.r0, to: .r10, Int16(-32 - 8 * slot), size: .doubleWord))
      }
    }

    mutating func call(_ name: String, _ arguments: [Int32?]) throws {
      code.emit(.move(.r1, .r6))
      for (index, argument) in arguments.enumerated() {
        let register = Register(rawValue: UInt8(index + 2))
        if let argument {
          code.emit(.move(register, .immediate(argument)))
        } else {
          // The buffer.
          code.emit(.move(register, .r10), .add(register, -64))
        }
      }
      code.emit(.call(try #require(Helper(named: name))))
    }

    /// Keeps r0, and with a buffer its first bytes.
    mutating func keep(_ number: Int, _ map: [Instruction], buffer: Bool) {
      if buffer {
        code.emit(.load(.r1, from: .r10, -64, size: .doubleWord), .arithmetic(.xor, .r0, .r1))
        code.emit(.load(.r1, from: .r10, -40, size: .doubleWord), .arithmetic(.xor, .r0, .r1))
      }
      code.emit(.store(.r0, to: .r10, -16, size: .doubleWord))
      code.emit(.store(.immediate(Int32(number)), to: .r10, -4, size: .word))
      code.emit(map)
      code.emit(.move(.r2, .r10), .add(.r2, -4), .move(.r3, .r10), .add(.r3, -16), .move(.r4, 0))
      code.emit(.call(.mapUpdateElement))
    }

    mutating func xdp(_ map: [Instruction]) throws -> [Instruction] {
      code.emit(.move(.r6, .r1))
      for index in 0..<callCount {
        fillBuffer()
        var buffer = false
        switch number(0...4) {
        case 0: try call("xdp_adjust_head", [number(0...30)])
        case 1: try call("xdp_adjust_tail", [number(-40...40)])
        case 2:
          try call("xdp_load_bytes", [number(0...80), nil, number(1...32)])
          buffer = true
        case 3: try call("xdp_store_bytes", [number(0...80), nil, number(1...32)])
        default: try call("xdp_get_buff_len", [])
        }
        keep(index, map, buffer: buffer)
      }
      code.emit(.move(.r0, 2), .exit)
      return try code.finish()
    }

    mutating func trafficControl(_ map: [Instruction]) throws -> [Instruction] {
      code.emit(.move(.r6, .r1))
      for index in 0..<callCount {
        fillBuffer()
        var buffer = false
        // Kernels before 6.13 give bpf_csum_diff's sum unfolded.
        switch number(0...(KernelVersion.running >= "6.13" ? 8 : 7)) {
        case 0, 1:
          try call("skb_load_bytes", [number(0...120), nil, number(1...32)])
          buffer = true
        case 2: try call("skb_store_bytes", [number(0...120), nil, number(1...32), number(0...1)])
        case 3: try call("skb_change_tail", [number(10...150), 0])
        case 4: try call("skb_pull_data", [number(0...150)])
        case 5:
          let sizes: [Int32] = [0, 2, 4]
          let size = sizes.randomElement(using: &random) ?? 2
          try call(
            "l3_csum_replace", [number(0...90), size == 0 ? 0 : number(0...Int32.max), number(0...Int32.max), size])
        case 6:
          let flags = (number(0...1) * 0x10) | (number(0...1) * 0x20) | (number(0...1) * 0x40)
          try call("l4_csum_replace", [number(0...90), number(0...Int32.max), number(0...Int32.max), 2 | flags])
        case 7:
          try call("skb_load_bytes_relative", [number(0...120), nil, number(1...32), number(0...1)])
          buffer = true
        default:
          code.emit(.move(.r1, .r10), .add(.r1, -64), .move(.r2, .immediate(number(0...4) * 4)))
          code.emit(.move(.r3, .r10), .add(.r3, -48), .move(.r4, .immediate(number(0...4) * 4)))
          code.emit(.move(.r5, .immediate(number(0...Int32.max))), .call(try #require(Helper(named: "csum_diff"))))
        }
        keep(index, map, buffer: buffer)
      }
      code.emit(.load(.r0, from: .r6, 0, size: .word), .exit)
      return try code.finish()
    }

    /// Legacy packet loads, from all three starts of offsets.
    mutating func legacyLoads() throws -> [Instruction] {
      code.emit(.move(.r6, .r1), .move(.r7, 0))
      for _ in 0..<3 {
        let size = [AccessSize.byte, .halfWord, .word].randomElement(using: &random) ?? .byte
        let bases: [Int32] = [0, 0, 0, -0x10_0000, -0x20_0000]
        let base = bases.randomElement(using: &random) ?? 0
        if Bool.random(using: &random) {
          code.emit(.loadPacket(base + number(0...70), size: size))
        } else {
          code.emit(.move(.r2, .immediate(number(0...40))), .loadPacket(.r2, number(0...40), size: size))
        }
        code.emit(.arithmetic(.multiply, .r7, 31), .add(.r7, .r0))
      }
      code.emit(.move(.r0, .r7), .exit)
      return try code.finish()
    }
  }

  static let references = Instruction.loadWide(.r1, 0, source: PseudoSource.mapIndex)

  static func compare(
    _ type: ProgramType, seeds: ClosedRange<UInt64>,
    _ make: (inout Generator, [Instruction]) throws -> [Instruction]
  ) throws {
    let map = try AnyMap(creating: MapParameters(Self.answers))
    var answers: Set<[UInt8]> = []
    for seed in seeds {
      var forKernel = Generator(random: SeededRandom(seed: seed))
      var forInterpreter = forKernel
      var random = SeededRandom(seed: seed &* 77)
      var packet = Packet(.ethernet(), .ipv4(from: "10.0.0.9", to: "10.0.0.1"), .udp(from: 4000, to: 53)).bytes
      packet += (0..<Int.random(in: 20...60, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }

      let code = Instruction.encode(try make(&forKernel, Instruction.loadMap(.r1, descriptor: map.fd)))
      let program = try BPFCall.loadProgram(ProgramLoad(type: type.rawValue), instructions: code.span.bytes)
      var call = ProgramRun()
      call.data = packet
      call.repetitions = 1
      call.dataCapacity = packet.count + 512
      let kernel = try BPFCall.testRun(program: program.rawValue, call)

      let own = try make(&forInterpreter, Self.references)
      let interpreter = try Interpreter(instructions: own, type: type, maps: [Self.answers])
      let run = try interpreter.run(packet: packet)

      for index in 0..<callCount {
        let key = [UInt8(index), 0, 0, 0]
        let (mine, theirs) = (try interpreter.maps[0].get(key), try map.get(key))
        try #require(
          mine == theirs,
          "program \(seed), call \(index): \(own.disassembled().map(\.description).joined(separator: "\n"))")
        answers.insert((mine ?? []) + run.packet)
        // A program that ends early leaves what was there.
        try map.set([UInt8](repeating: 0, count: 8), for: key)
      }
      try #require(UInt32(truncatingIfNeeded: run.r0) == kernel.returnValue, "program \(seed)")
      let skipped = type == .socketFilter ? 14 : 0
      try #require(run.packet.dropFirst(skipped) == kernel.data.dropFirst(skipped), "program \(seed)")
    }
    #expect(answers.count >= seeds.count)
  }

  @Test func xdp() throws {
    try Self.compare(.xdp, seeds: 1...UInt64(cases(250))) { generator, map throws in try generator.xdp(map) }
  }

  @Test func trafficControl() throws {
    try Self.compare(.schedCLS, seeds: 1...UInt64(cases(250))) { generator, map throws in
      try generator.trafficControl(map)
    }
  }

  @Test(arguments: [ProgramType.socketFilter, .schedCLS]) func legacyLoads(_ type: ProgramType) throws {
    try Self.compare(type, seeds: 1...UInt64(cases(160))) { generator, _ throws in try generator.legacyLoads() }
  }
}
