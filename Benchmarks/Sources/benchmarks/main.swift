// SPDX-License-Identifier: Apache-2.0
import BPF
import Glibc

// benchmarks PEERS [--json] [--only WORD] [--libbpf VERSION]: see Benchmarks/README.md. PEERS is the directory that
// Benchmarks/run builds the libbpf side and the objects in.

func option(_ name: String) -> String? {
  let arguments = CommandLine.arguments
  guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
  return arguments[index + 1]
}

do {
  guard CommandLine.arguments.count > 1 else { throw Failure(description: "usage: benchmarks PEERS [--json]") }
  let maps = try BenchmarkMaps()
  let isJSON = CommandLine.arguments.contains("--json")
  let only = option("--only")
  let libbpf = option("--libbpf") ?? "unknown"
  let kernel = "\(Features.kernelVersion)"
  var results: [Result] = []
  for (comparison, repetitions) in try comparisons(peers: CommandLine.arguments[1], maps)
  where only.map(comparison.name.contains) ?? true {
    results.append(try comparison.run(repetitions: repetitions))
  }
  print(
    isJSON
      ? json(results, kernel: kernel, libbpf: libbpf)
      : "Linux \(kernel), libbpf \(libbpf); medians of interleaved repetitions; less is better\n\n" + table(results))
} catch {
  var line = "benchmarks: \(error)\n"
  line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
  exit(1)
}
