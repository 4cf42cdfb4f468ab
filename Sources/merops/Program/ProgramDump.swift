// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BTFCoding
import CommandSupport

/// `merops prog dump`
struct ProgramDump: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Print a program's instructions, as the kernel has them, with the source lines they came from.",
    discussion: """
      EXAMPLES
        merops prog dump on_execve
        merops prog dump 42 --machine-code
        merops prog dump 42 --raw > program.bin
      """)

  @Argument(help: "Id, name or pinned path.") var program: ObjectName
  @Flag(help: "The processor's code in place of eBPF: one function a line, in hexadecimal.") var machineCode = false
  @Flag(help: "The instructions as bytes.") var raw = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let program = try program.program()
    if machineCode { return output.print(MachineCodeReport(functions: try program.machineCode())) }
    let instructions = try program.translatedInstructions()
    guard !instructions.isEmpty else {
      throw Refusal(
        "the kernel does not show this program's instructions; it needs CAP_SYS_ADMIN, and kernel.kptr_restrict below 2"
      )
    }
    if raw { return Output.bytes(Instruction.encode(instructions)) }
    output.print(InstructionReport(instructions: instructions, source: try SourceLines(program)))
  }
}

/// Where the source lines of a program begin.
struct SourceLines {
  private var lines: [Int: (text: String, place: String)] = [:]

  init(_ program: Program) throws {
    guard let types = try program.types() else { return }
    for line in try program.info().lines {
      let file = types.string(at: line.fileName) ?? "?"
      let text = (types.string(at: line.text) ?? "").drop { $0 == " " || $0 == "\t" }
      lines[line.instruction] = (String(text), "\(file):\(line.line)")
    }
  }

  subscript(instruction: Int) -> (text: String, place: String)? { lines[instruction] }
}

struct InstructionReport: Report {
  var instructions: [Instruction]
  var source: SourceLines

  private var lines: [Disassembler.Line] {
    let names = CallNames(instructions)
    return Disassembler(nameOfCall: { names[$0.immediate] }).lines(instructions)
  }

  var text: String {
    lines.flatMap { line -> [String] in
      let heading = source[line.index].map { ["; \($0.text) @ \($0.place)"] } ?? []
      return heading + [line.description]
    }.joined(separator: "\n")
  }

  func write(to json: inout JSONWriter) {
    json.beginArray()
    for line in lines {
      json.beginObject()
      json.field("index", line.index)
      json.field("disasm", line.text)
      if let place = source[line.index] {
        json.field("source", place.text)
        json.field("place", place.place)
      }
      json.endObject()
    }
    json.endArray()
  }
}

struct MachineCodeReport: Report {
  var functions: [Program.MachineCode]

  var text: String {
    functions.map { "\(address($0)): \(Hexadecimal.text($0.bytes))" }.joined(separator: "\n")
  }

  func write(to json: inout JSONWriter) {
    json.beginArray()
    for function in functions {
      json.beginObject()
      json.field("address", address(function))
      json.field("bytes", Hexadecimal.text(function.bytes))
      json.endObject()
    }
    json.endArray()
  }

  private func address(_ function: Program.MachineCode) -> String {
    function.address.map { "0x" + String($0, radix: 16) } ?? "hidden"
  }
}
