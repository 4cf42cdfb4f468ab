// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode
public import BPFObject
import BPFSystem
public import BTF

/// A program as it is handed to the kernel: linked, relocated against this kernel's types, its maps and externs filled
/// in.
public struct PreparedProgram: Sendable {
  public var name: String
  public var type: ProgramType
  /// What the kernel is told to expect (`expected_attach_type`).
  public var attachType: AttachType?
  public var flags: ProgramFlags = []
  public var license: String
  public var instructions: [Instruction]
  /// The type of the function that starts at each instruction (slot).
  public var functions: [(instruction: Int, type: TypeID)] = []
  /// Where instructions come from; file and text are string offsets in the object's BTF.
  package var lines: [(instruction: Int, line: LineInfo)] = []
  /// The kernel type that the program attaches to; 0 for none.
  public var attachTypeID = TypeID.void
  /// The result of each CO-RE relocation, in the order of the code.
  package var relocations: [COREResult] = []

  /// What the object says about the program.
  var spec: ProgramSpec?
  /// The module that ``attachTypeID`` is in.
  var attachModule: KernelTypes.Module?
  /// The program that the program attaches to.
  var attachProgram: Program?
  /// The device that the program is for; 0 for none.
  var interfaceIndex: UInt32 = 0
  /// The object's types in the kernel, which ``functions`` and ``lines`` refer to.
  var types: LoadedTypes?
  /// The BTF objects of modules that are called into.
  var externs: Externs?
  var token: BPFToken?
  /// The maps that indirect jumps go through, which are the program's own.
  var jumpTables: [AnyMap] = []
  /// What was left out.
  var omissions: [BPFCollection.Omission] = []

  /// The object's types, and the names of its maps and externs by index: for errors.
  var localTypes: BTFTypes?
  var mapNames: [String] = []
  var externNames: [String] = []

  /// A program of the caller's own instructions.
  public init(
    _ type: ProgramType, name: String = "", license: String = "GPL", instructions: [Instruction]
  ) {
    self.name = name
    self.type = type
    self.license = license
    self.instructions = instructions
  }

  /// What BPF_PROG_LOAD takes beside the instructions.
  var record: ProgramLoad {
    var record = ProgramLoad(type: type.rawValue, name: name, license: license)
    record.expectedAttachType = attachType?.rawValue ?? 0
    record.kernelVersion = KernelVersion.current.code
    record.flags = flags.rawValue
    record.attachTypeID = attachTypeID.rawValue
    record.attachFD = attachProgram?.fd ?? attachModule?.fd
    record.descriptors = externs?.descriptors ?? []
    record.tokenFD = token?.fd
    record.interfaceIndex = interfaceIndex
    if let types {
      record.btfFD = types.fd
      record.functionRecords = functions.flatMap { [UInt32($0.instruction), $0.type.rawValue] }
      record.lineRecords = lines.flatMap {
        [UInt32($0.instruction), $0.line.fileName, $0.line.line, $0.line.lineColumn]
      }
    }
    return record
  }

  /// The source line that an instruction was compiled from: "file.bpf.c:12: text".
  func source(of instruction: Int) -> String? {
    guard let entry = lines.last(where: { $0.instruction <= instruction }), let types = localTypes else { return nil }
    let file = types.string(at: entry.line.fileName) ?? "?"
    let text = (types.string(at: entry.line.line) ?? "").drop { $0 == " " || $0 == "\t" }
    return "\(file):\(entry.line.lineNumber): \(text)"
  }

  /// What a poisoned call stood for.
  func explain(_ instruction: Int, _ meaning: Poison.Meaning) -> String? {
    switch meaning {
    case .core: relocations.poisoned(at: instruction).map { "CO-RE relocation of \($0)" }
    case .map(let index):
      mapNames.indices.contains(index) ? "map \(mapNames[index]) is referred to, but was not created" : nil
    case .kernelFunction(let index):
      externNames.indices.contains(index)
        ? "kernel function \(externNames[index]) is called, but this kernel does not have it" : nil
    }
  }
}
