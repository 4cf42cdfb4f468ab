// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BPFSystem
import BTFCoding

/// `merops prog run`
struct ProgramRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a program in the kernel on your own input, and time it.",
    discussion: """
      For xdp and tc programs the data is a packet, from the Ethernet header on (64 zero bytes unless you give one). \
      Each repetition gets the packet as you gave it, for which merops makes a system call each time. With --reuse the \
      kernel itself repeats, faster, on the packet as the repetition before has left it.

      EXAMPLES
        merops prog run filter --data packet.bin --repeat 100000
        merops prog run filter --data packet.bin --repeat 1000000 --reuse
        merops prog run filter --data "02 00 00 00 00 01 02 00 00 00 00 02 08 00"
      """)

  @Argument(help: "Its id, name or pinned path.") var program: ObjectName
  @Option(help: "The packet: a file, or bytes in hexadecimal.") var data: String?
  @Option(help: "The context: a file, or bytes in hexadecimal.") var context: String?
  @Option(name: .customLong("repeat"), help: "How many times to run.") var repetitions = 1
  @Flag(help: "Repeat on the packet as the repetition before has left it.") var reuse = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard repetitions > 0 else { throw ValidationError("--repeat must be 1 or more") }
  }

  func run() throws {
    let program = try program.program()
    var run = TestRun(
      data: try bytes(data, of: "--data"), context: try bytes(context, of: "--context"), repetitions: repetitions)
    run.usesFreshInput = !reuse
    // A packet program without a packet cannot run: 64 zero bytes are a frame of no protocol.
    if data == nil, [.xdp, .schedCLS, .schedACT, .socketFilter].contains(program.type) {
      run.data = [UInt8](repeating: 0, count: 64)
    }
    output.print(RunReport(result: try program.testRun(run), repetitions: repetitions))
  }

  private func bytes(_ text: String?, of option: String) throws -> [UInt8] {
    guard let text else { return [] }
    let bytes: [UInt8]
    switch (SystemFile.exists(text), Hexadecimal.bytes(text)) {
    case (true, _?):
      throw Refusal(
        "\(option) '\(text)' is a file, and bytes in hexadecimal, too: write ./\(text) for the file, or "
          + "0x\(text.filter { !$0.isWhitespace }) for the bytes")
    case (true, nil):
      do {
        bytes = try SystemFile.read(text, limit: 1 << 20)
      } catch {
        throw Refusal("reading \(text) for \(option): \(error)")
      }
    case (false, let given?): bytes = given
    case (false, nil): throw Refusal("\(option) '\(text)' is neither a file nor bytes in hexadecimal")
    }
    guard !bytes.isEmpty else { throw Refusal("\(option) '\(text)' has no bytes: leave the option out for none") }
    return bytes
  }
}

struct RunReport: Report {
  var result: TestRunResult
  var repetitions: Int

  var text: String {
    var lines = ["return value  \(result.returnValue)"]
    lines.append("time          \(result.nanoseconds) ns a run, over \(repetitions)")
    if !result.data.isEmpty { lines.append("data          \(Hexadecimal.text(result.data))") }
    if !result.context.isEmpty { lines.append("context       \(Hexadecimal.text(result.context))") }
    return lines.joined(separator: "\n")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.field("retval", result.returnValue)
    json.field("duration_ns", result.nanoseconds)
    json.field("repeat", repetitions)
    json.field("data", Hexadecimal.text(result.data))
    json.field("context", Hexadecimal.text(result.context))
    json.endObject()
  }
}
