// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFCompiler
import Glibc

// programs OBJECTS [--json] [--only WORD] [--rounds N] [--cpu v2]: see Benchmarks/README.md. It runs in Benchmarks; OBJECTS is the
// directory that Benchmarks/run has compiled kernel/c into.
@main enum Programs {
  static func main() {
    do {
      try run()
    } catch {
      var line = "programs: \(error)\n"
      line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
      exit(1)
    }
  }

  static func option(_ name: String) -> String? {
    let arguments = CommandLine.arguments
    guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
    return arguments[index + 1]
  }

  static func run() throws {
    guard CommandLine.arguments.count > 1 else { throw Failure("usage: programs OBJECTS [--json]") }
    let objects = CommandLine.arguments[1]
    let rounds = option("--rounds").flatMap { Int($0) } ?? 11
    let only = option("--only")
    var compiler = ProbeCompiler(
      toolchain: try Toolchain.find(), kernelSide: "../Sources", cache: "\(objects)/kernel-side")
    compiler.cpu = option("--cpu") ?? "v2"
    let overhead = Overhead(
      testRun: try Pair.empty(.packets([[UInt8](repeating: 0, count: 64)])).median(
        Side(c: "\(objects)/test_run.bpf.o"), rounds: rounds),
      statistics: try Pair.empty(.calls).median(Side(c: "\(objects)/statistics.bpf.o"), rounds: rounds))
    var comparisons: [Comparison] = []
    for pair in try Pair.all() where only.map(pair.name.contains) ?? true {
      let c = try Side(c: "\(objects)/\(pair.file).bpf.o")
      let swift = try Side(swift: "kernel/swift/\(pair.file).bpf.swift", compiler, root: ".")
      comparisons.append(try pair.compare(c: c, swift: swift, overhead: overhead, rounds: rounds))
    }
    let kernel = "\(Features.kernelVersion)"
    if CommandLine.arguments.contains("--json") {
      print(json(comparisons, kernel: kernel))
      return
    }
    print(
      "Linux \(kernel), -mcpu=\(compiler.cpu); medians of \(rounds) rounds; less is better\n\n" + table(comparisons))
    print(
      "\nA program that does nothing: \(overhead.testRun.text(1)) ns in a test run, \(overhead.statistics.text(1)) ns by "
        + "statistics; net: without it.")
    print("Inputs on which both sides did the same: \(comparisons.reduce(0) { $0 + $1.compared }).")
  }
}
