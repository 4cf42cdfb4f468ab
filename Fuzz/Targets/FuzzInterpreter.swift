// SPDX-License-Identifier: Apache-2.0
import BPFBytecode
import BPFInterpreter
import BPFObject

private let maps: [MapSpec] = [
  MapSpec(name: "array", type: .array, keySize: 4, valueSize: 12, maxEntries: 3),
  MapSpec(name: "hash", type: .hash, keySize: 3, valueSize: 8, maxEntries: 4),
  MapSpec(name: "lru", type: .lruPerCPUHash, keySize: 4, valueSize: 5, maxEntries: 3),
  MapSpec(name: "trie", type: .lpmTrie, keySize: 8, valueSize: 8, maxEntries: 4),
  MapSpec(name: "queue", type: .queue, keySize: 0, valueSize: 8, maxEntries: 3),
  MapSpec(name: "stack", type: .stack, keySize: 0, valueSize: 8, maxEntries: 3),
  MapSpec(name: "bloom", type: .bloomFilter, keySize: 0, valueSize: 4, maxEntries: 3),
  MapSpec(name: "ring", type: .ringBuffer, keySize: 0, valueSize: 0, maxEntries: 4096),
  MapSpec(name: "perf", type: .perfEventArray, keySize: 4, valueSize: 4, maxEntries: 4),
  MapSpec(name: "programs", type: .programArray, keySize: 4, valueSize: 4, maxEntries: 4),
  MapSpec(name: "storage", type: .taskStorage, keySize: 4, valueSize: 8, maxEntries: 0),
  MapSpec(name: "outer", type: .arrayOfMaps, keySize: 4, valueSize: 4, maxEntries: 2),
  MapSpec(name: "user", type: .userRingBuffer, keySize: 0, valueSize: 0, maxEntries: 4096),
]

/// Runs any bytes as a program, on a packet, as a record and as arguments: it ends, and nothing traps.
///
/// An ELF file is taken as an object, and each of its programs is run. Otherwise the first byte chooses the kind of run. Calls have their number brought into the range of helpers, and wide loads of a
/// map theirs into that of maps, so that these are reached.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  if bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) { return run(object: bytes) }
  guard let kind = bytes.first, size > 8 else { return 0 }
  let whole = bytes.dropFirst().prefix((size - 1) / 8 * 8)
  guard var code = try? Instruction.decode(Array(whole)) else { return 0 }
  if kind & 0x80 != 0 {
    for index in code.indices {
      if code[index].isHelperCall { code[index].immediate = abs(code[index].immediate % 212) }
      if code[index].isWide, code[index].registers >> 4 != 0 {
        code[index].source = Register(rawValue: PseudoSource.mapIndex + code[index].source.rawValue % 2)
        code[index].immediate = abs(code[index].immediate % Int32(maps.count))
      }
    }
  }
  var options = Interpreter.Options(cpuCount: 2)
  options.memoryLimit = 16 << 20
  let type: ProgramType = kind & 1 == 0 ? .xdp : .socketFilter
  guard
    let interpreter = try? Interpreter(
      instructions: code, type: type, maps: maps, options: options, validates: kind & 0x40 != 0)
  else { return 0 }
  interpreter.instructionLimit = 20_000
  if let programs = try? interpreter.map("programs") { try? programs.set(program: "main", for: 1) }
  if let user = try? interpreter.map("user") { try? user.send([1, 2, 3]) }
  if let outer = try? interpreter.map("outer"), let inner = try? interpreter.map("hash") {
    try? outer.set(inner, for: [0, 0, 0, 0])
  }
  let packet = Array(bytes.prefix(200))
  switch kind & 6 {
  case 0: _ = try? interpreter.run(packet: packet)
  case 2: _ = try? interpreter.run("main", .socketBuffer(packet))
  case 4: _ = try? interpreter.run("main", .arguments([1, 2, 3]))
  default: _ = try? interpreter.run("main", .bytes(packet))
  }
  // A second run meets what the first left in maps.
  _ = try? interpreter.run(packet: packet)
  _ = try? interpreter.advanceTime(by: 1 << 40)
  for map in interpreter.maps { _ = map.entries.count + map.takeRecords().count }
  return 0
}

private func run(object bytes: [UInt8]) -> CInt {
  var options = Interpreter.Options(cpuCount: 2)
  options.memoryLimit = 16 << 20
  guard let object = try? ObjectSpec(bytes: bytes, name: "fuzz"),
    let interpreter = try? Interpreter(object, options: options)
  else { return 0 }
  interpreter.instructionLimit = 5000
  interpreter.environment.unmappedLoadsGiveZero = true
  for name in interpreter.globals.prefix(16) { _ = try? interpreter.globalBytes(name) }
  for program in object.programs.prefix(8) {
    _ = try? interpreter.run(program.name, packet: Array(bytes.prefix(64)))
    _ = try? interpreter.run(program.name, .arguments([1, 2, 3]))
  }
  return 0
}
