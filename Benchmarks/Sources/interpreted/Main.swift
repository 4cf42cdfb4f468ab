// SPDX-License-Identifier: Apache-2.0
// The interpreter's rate beside that of the kernel's compiled code, by BPF_PROG_TEST_RUN: nanoseconds for one
// instruction, over programs of one kind of instruction each.
//
//   sudo swift run -c release interpreted
import BPF
import BPFBytecode
import BPFInterpreter
import BPFObject

@main enum Interpreted {
  static func main() throws {
    print("nanoseconds for an instruction       interpreter   kernel (JIT)")
    for workload in Workload.all {
      let interpreter = try Interpreter(
        instructions: workload.code(map: Instruction.loadWide(.r1, 0, source: PseudoSource.mapIndex)), type: .xdp,
        maps: [Workload.map])
      interpreter.instructionLimit = .max
      let packet = [UInt8](0..<64)
      _ = try interpreter.run(packet: packet)
      var best = Double.infinity
      for _ in 0..<5 {
        var count = 0
        let clock = ContinuousClock()
        let time = try clock.measure {
          for _ in 0..<20 { count += try interpreter.run(packet: packet).instructionsExecuted }
        }
        best = min(best, Double(time.components.attoseconds) / 1e9 / Double(count))
      }
      let perRun = try interpreter.run(packet: packet).instructionsExecuted
      let kernel = try? workload.kernelNanoseconds(packet: packet) / Double(perRun)
      let name = workload.name + String(repeating: " ", count: max(0, 36 - workload.name.count))
      print("\(name) \(text(best))         \(kernel.map(text) ?? "needs root")")
    }
  }

  static func text(_ nanoseconds: Double) -> String {
    let hundredths = Int((nanoseconds * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
  }
}
