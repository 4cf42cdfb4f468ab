// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFBytecode
import BPFObject

/// A loop of 1000 rounds over a few instructions of one kind.
struct Workload {
  var name: String
  var body: [Instruction]

  static let map = MapSpec(name: "values", type: .array, keySize: 4, valueSize: 8, maxEntries: 4)

  static let all = [
    Workload(
      name: "arithmetic, 64 bits",
      body: [
        .add(.r2, .r3), .arithmetic(.xor, .r3, .r2), .arithmetic(.multiply, .r2, 31), .arithmetic(.shiftRight, .r3, 7),
        .add(.r3, 12345), .arithmetic(.or, .r2, 1), .arithmetic(.subtract, .r3, .r2), .and(.r2, 0xffff),
      ]),
    Workload(
      name: "arithmetic, 32 bits",
      body: [
        .add(.r2, .r3, width: .bits32), .arithmetic(.xor, .r3, .r2, width: .bits32),
        .arithmetic(.multiply, .r2, 31, width: .bits32), .arithmetic(.shiftRight, .r3, 7, width: .bits32),
        .add(.r3, 12345, width: .bits32), .arithmetic(.or, .r2, 1, width: .bits32),
      ]),
    Workload(
      name: "loads and stores of the stack",
      body: [
        .store(.r2, to: .r10, -8, size: .doubleWord), .load(.r3, from: .r10, -8, size: .doubleWord),
        .store(.r3, to: .r10, -16, size: .word), .load(.r2, from: .r10, -16, size: .byte),
      ]),
    Workload(
      name: "loads and stores of the packet",
      body: [
        .load(.r2, from: .r7, 12, size: .halfWord), .load(.r3, from: .r7, 26, size: .word),
        .store(.r2, to: .r7, 30, size: .word), .load(.r2, from: .r7, 14, size: .byte),
      ]),
    Workload(
      name: "conditional jumps",
      body: [
        .jump(if: .r9, .equal, -1, 1), .add(.r2, 1), .jump(if: .r9, .greater, 2000, 1), .add(.r3, 1),
        .jump(if: .r9, .lessSigned, 2000, 1), .add(.r2, 1), .jump(if: .r9, .anyBit, 0x7fff_f000, 1, width: .bits32),
        .add(.r3, 1),
      ]),
  ]

  func code(map: [Instruction]) throws -> [Instruction] {
    var code = Assembler()
    code.emit(.move(.r6, .r1), .load(.r7, from: .r6, 0, size: .word), .load(.r8, from: .r6, 4, size: .word))
    code.emit(.move(.r2, .r7), .add(.r2, 64))
    code.jump(to: "short", if: .r2, .greater, .r8)
    code.emit(.move(.r2, 3), .move(.r3, 5), .move(.r9, 0), .store(0, to: .r10, -4, size: .word))
    code.place("loop")
    code.emit(body)
    code.emit(.add(.r9, 1))
    code.jump(to: "loop", if: .r9, .less, 1000)
    code.place("short")
    code.emit(.move(.r0, 2), .exit)
    return try code.finish()
  }

  /// What a run takes in the kernel.
  func kernelNanoseconds(packet: [UInt8]) throws -> Double {
    let map = try AnyMap(creating: MapParameters(Workload.map))
    let code = try code(map: Instruction.loadMap(.r1, descriptor: map.fd))
    let program = try PreparedProgram(.xdp, instructions: code).load()
    var best = Int.max
    for _ in 0..<5 { best = min(best, try program.testRun(data: packet, repetitions: 2000).nanoseconds) }
    return Double(best)
  }
}
