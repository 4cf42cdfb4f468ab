// SPDX-License-Identifier: Apache-2.0
import BPF

/// The maps that both sides read.
struct BenchmarkMaps {
  let million: Map<UInt64, UInt64>
  let small: Map<UInt32, UInt64>

  init() throws {
    let count: UInt64 = 1_000_000
    million = try Map(creating: .hash, name: "bench_million", maxEntries: Int(count))
    let numbers = (1...count).map { $0 &* 0x9e37_79b9_7f4a_7c15 }
    try million.set(numbers, for: numbers)
    small = try Map(creating: .hash, name: "bench_small", maxEntries: 1024)
    for key in 0..<UInt32(1024) { try small.set(UInt64(key), for: key) }
  }
}

/// What is compared, and how often.
func comparisons(peers: String, _ maps: BenchmarkMaps) throws -> [(Comparison, repetitions: Int)] {
  let measured =
    CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast()
    .joined(separator: "/") + "/measured"
  func compare(
    _ name: String, _ program: String, _ arguments: [String], _ unit: Comparison.Unit, _ goal: Comparison.Goal
  ) -> Comparison {
    Comparison(
      name: name, unit: unit, ours: [measured, program] + arguments, theirs: ["\(peers)/\(program)"] + arguments,
      goal: goal)
  }

  let kernelTypes = ["/sys/kernel/btf/vmlinux", "task_struct"]
  let types = compare("kernel BTF: open, find a type", "types", kernelTypes, .milliseconds, .ratio(1))
  var memory = compare("kernel BTF: heap", "types", kernelTypes + ["watch"], .kibibytes, .amount(3 * 1024))
  memory.quantity = .memory
  memory.isFresh = true

  let object = "\(peers)/relocations.bpf.o"
  try checkRelocations(object)
  var load = compare("load 50 programs, 200 relocations", "load", [object], .milliseconds, .ratio(1))
  load.isFresh = true
  let again = compare("the same again, same process", "load", [object], .milliseconds, .ratio(1))

  let rings = [64, 512, 2048].map { length in
    // As many records as fill nine tenths of the ring.
    let records = (1 << 24) / (length + 8) * 9 / 10
    return compare(
      "ring: record of \(length) bytes", "ring", ["\(peers)/ring.bpf.o", "write_\(length)", "\(records)"], .nanoseconds,
      .ratio(1))
  }

  // libbpf leaves the size of a batch to its user: it gets what we take by default.
  let chunk = "\((512 << 10) / 16)"
  let batch = compare(
    "hash map of 1,000,000: element", "batch", ["\(maps.million.map.info.id)", chunk], .nanoseconds, .ratio(1))
  let get = compare(
    "Map.get (other side: bare bpf(2))", "get", ["\(maps.small.map.info.id)", "100000"], .nanoseconds, .ratio(1.1))

  return [(types, 101), (memory, 3), (load, 25), (again, 25)].map { ($0.0, repetitions: $0.1) }
    + rings.map { ($0, repetitions: 101) } + [(batch, repetitions: 101), (get, repetitions: 51)]
}

/// That the object is what its name says: perhaps another compiler merges records.
private func checkRelocations(_ path: String) throws {
  let spec = try BPFCollection(path: path).spec
  let records = try spec.programs.reduce(0) { try $0 + $1.linked().core.count }
  guard spec.programs.count == 50, records == 200 else {
    throw Failure(description: "\(path) has \(spec.programs.count) programs and \(records) CO-RE records")
  }
}
