// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BPFBytecode
import BTFCoding

/// `merops prog dump`
struct ProgramDump: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Print the instructions of a program with their source lines.",
    discussion: """
      The instructions are those that the verifier left: without dead code, with addresses in place of names.

      EXAMPLES
        merops prog dump on_execve
        merops prog dump 42 --machine-code
        merops prog dump 42 --raw > program.bin
      """)

  @Argument(help: "Its id, name or pinned path.") var program: ObjectName
  @Flag(help: "Print the machine code instead: one function per line, in hexadecimal.") var machineCode = false
  @Flag(help: "Write the instructions as bytes.") var raw = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let program = try program.program()
    if machineCode {
      let functions = try program.machineCode()
      guard !functions.isEmpty else { throw Refusal(try Self.whyHidden(program)) }
      return output.print(MachineCodeReport(functions: functions))
    }
    let instructions = try program.translatedInstructions()
    guard !instructions.isEmpty else { throw Refusal(try Self.whyHidden(program)) }
    if raw { return Output.bytes(Instruction.encode(instructions)) }
    output.print(InstructionReport(instructions: instructions, source: try SourceLines(program)))
  }

  /// See bpf_prog_get_info_by_fd() in the kernel.
  private static func whyHidden(_ program: Program) throws -> String {
    let info = try program.info()
    if info.translatedSize == 0 {
      return "the kernel shows the code of programs only to processes with CAP_BPF: run as root"
    }
    if info.machineCodeSize == 0 {
      return "program \(program.name) has no machine code: the kernel interprets it (see net.core.bpf_jit_enable)"
    }
    return
      "the kernel hides the code of program \(program.name): kernel.kptr_restrict or net.core.bpf_jit_harden is set"
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
