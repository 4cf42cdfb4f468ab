// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode
public import BPFObject
public import BTF

/// A program as it is handed to the kernel: linked, relocated against this kernel's types, its maps and externs filled
/// in.
public struct PreparedProgram: Sendable {
  public var name: String
  public var type: ProgramType
  /// What the kernel is told to expect (`expected_attach_type`).
  public var attachType: AttachType?
  public var flags: ProgramFlags
  public var instructions: [Instruction]
  /// The type of the function that starts at each instruction (slot).
  public var functions: [(instruction: Int, type: TypeID)]
  /// Where instructions come from; file and text are string offsets in the object's BTF.
  public var lines: [(instruction: Int, line: LineInfo)]
  /// The kernel type that it attaches to; 0 for none.
  public var attachTypeID: TypeID
  /// What became of its CO-RE relocations, in the order of its code.
  public var relocations: [COREResult]

  /// The module that ``attachTypeID`` is in.
  var attachModule: ModuleTypes?
  /// The program that it attaches to.
  var attachProgram: Program?

  /// `struct bpf_func_info` records.
  var functionRecords: [UInt8] {
    Self.records(functions) { [UInt32($0.instruction), $0.type.rawValue] }
  }

  /// `struct bpf_line_info` records.
  var lineRecords: [UInt8] {
    Self.records(lines) { [UInt32($0.instruction), $0.line.fileName, $0.line.line, $0.line.lineColumn] }
  }

  private static func records<Entry>(_ entries: [Entry], _ words: (Entry) -> [UInt32]) -> [UInt8] {
    entries.flatMap(words).withUnsafeBytes { Array($0) }
  }

  /// The source line that an instruction was compiled from: "file.bpf.c:12: text".
  func source(of instruction: Int, _ types: BTFTypes?) -> String? {
    guard let entry = lines.last(where: { $0.instruction <= instruction }), let types else { return nil }
    let file = types.string(at: entry.line.fileName) ?? "?"
    let text = (types.string(at: entry.line.line) ?? "").drop { $0 == " " || $0 == "\t" }
    return "\(file):\(entry.line.lineNumber): \(text)"
  }
}
