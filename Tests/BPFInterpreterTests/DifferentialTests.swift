// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFBytecode
import BPFInterpreter
import BPFObject
import BPFSystem
import SystemPackage
import TestObjects
import TestSupport
import Testing

/// The kernel, asked for the same answers.
@Suite struct DifferentialTests {
  static let arraySpec = MapSpec(
    name: "array", type: .array, keySize: 4, valueSize: 8, maxEntries: UInt32(RandomProgram.arraySize))
  static let hashSpec = MapSpec(
    name: "hash", type: .hash, keySize: 4, valueSize: 8, maxEntries: UInt32(RandomProgram.hashSize))

  /// A map of the kernel like one of the interpreter.
  static func kernelMap(_ spec: MapSpec) throws -> AnyMap {
    try AnyMap(creating: MapParameters(spec))
  }

  static func contents(_ map: AnyMap) throws -> [[UInt8]: [UInt8]] {
    var result: [[UInt8]: [UInt8]] = [:]
    for key in try map.keys() { result[key] = try map.get(key) }
    return result
  }

  static func contents(_ map: InMemoryMap) -> [[UInt8]: [UInt8]] {
    Dictionary(uniqueKeysWithValues: map.entries.map { ($0.key, $0.value) })
  }

  /// Thousands of programs over the same maps, each on a packet of its own.
  @Test(.requires(.root), .requires(kernel: "6.6"))
  func randomProgramsGiveTheKernelsAnswers() throws {
    let array = try Self.kernelMap(Self.arraySpec)
    let hash = try Self.kernelMap(Self.hashSpec)
    let interpreterMaps = [Self.arraySpec, Self.hashSpec]
    var state: [[[UInt8]: [UInt8]]] = [try Self.contents(array), [:]]
    var random = SeededRandom(seed: 2024)
    var instructionCount = 0
    for seed in 1...UInt64(cases(2000)) {
      var forKernel = RandomProgram(
        seed: seed, array: Instruction.loadMap(.r1, descriptor: array.fd),
        hash: Instruction.loadMap(.r1, descriptor: hash.fd))
      var forInterpreter = RandomProgram(
        seed: seed, array: Instruction.loadWide(.r1, 0, source: PseudoSource.mapIndex),
        hash: Instruction.loadWide(.r1, 1, source: PseudoSource.mapIndex))
      let packet = (0..<Int.random(in: 60...120, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }

      let bytes = Instruction.encode(try forKernel.make(length: 40))
      var log: KernelLog? = KernelLog(level: 1, capacity: 1 << 20)
      let program: Descriptor
      do {
        program = try BPFCall.loadProgram(ProgramLoad(type: ProgramType.xdp.rawValue), instructions: bytes.span.bytes)
      } catch {
        _ = try? BPFCall.loadProgram(
          ProgramLoad(type: ProgramType.xdp.rawValue), instructions: bytes.span.bytes, log: &log)
        let text = log.map { String(decoding: $0.bytes, as: UTF8.self).suffix(600) } ?? ""
        Issue.record("the kernel refuses program \(seed): \(error)\n\(text)")
        return
      }
      var call = ProgramRun()
      call.data = packet
      call.repetitions = 1
      call.dataCapacity = packet.count + 256
      let kernel = try BPFCall.testRun(program: program.rawValue, call)

      let interpreter = try Interpreter(
        instructions: forInterpreter.make(length: 40), type: .xdp, maps: interpreterMaps)
      for (map, contents) in zip(interpreter.maps, state) {
        for (key, value) in contents { try map.set(value, for: key) }
      }
      let run = try interpreter.run(packet: packet)
      instructionCount += run.instructionsExecuted
      state = interpreter.maps.map { Self.contents($0) }

      let kernelState = [try Self.contents(array), try Self.contents(hash)]
      let same =
        UInt32(truncatingIfNeeded: run.r0) == kernel.returnValue && run.packet == kernel.data && state == kernelState
      guard same else {
        Issue.record(
          """
          program \(seed) differs: \(run.r0), \(kernel.returnValue)
          \(run.packet)
          \(kernel.data)
          \(kernelState)
          \(state)
          """)
        return
      }
    }
    #expect(instructionCount > cases(2000) * 50)
  }
}
