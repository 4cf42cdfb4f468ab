// SPDX-License-Identifier: Apache-2.0

internal import BPFBytecode
internal import BPFObject
internal import BTF

/// A program that is ready to run.
final class PreparedProgram {
  let name: String
  let type: ProgramType
  let attachType: AttachType?
  /// With everything filled in, for messages.
  let instructions: [Instruction]
  /// One for each slot, and one after the last.
  let operations: UnsafeMutableBufferPointer<Operation>
  private let lines: [LinkedProgram.SourceLine]
  private let types: BTFTypes?

  init(
    name: String, type: ProgramType, attachType: AttachType?, instructions: [Instruction], operations: [Operation],
    lines: [LinkedProgram.SourceLine] = [], types: BTFTypes? = nil
  ) {
    self.name = name
    self.type = type
    self.attachType = attachType
    self.instructions = instructions
    self.operations = .allocate(capacity: operations.count)
    _ = self.operations.initialize(from: operations)
    self.lines = lines
    self.types = types
  }

  deinit { operations.deallocate() }

  /// The source line that a slot comes from.
  func source(of slot: Int) -> SourceLocation? {
    guard let types, let line = lines.last(where: { $0.instruction <= slot })?.line else { return nil }
    let text = types.string(at: line.line) ?? ""
    return SourceLocation(
      file: types.string(at: line.fileName) ?? "", line: line.lineNumber, column: line.column,
      text: String(text.drop { $0 == " " || $0 == "\t" }))
  }

  func text(of slot: Int) -> String? {
    guard instructions.indices.contains(slot) else { return nil }
    let next = instructions.indices.contains(slot + 1) ? instructions[slot + 1] : nil
    return Disassembler().text(instructions[slot], next: next)
  }
}
