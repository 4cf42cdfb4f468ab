// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BTF

/// Makes an object's programs ready for this kernel.
///
/// The order is libbpf's: CO-RE, subprograms, references to maps and externs, then what older kernels need rewritten.
struct ProgramPreparation {
  let spec: ObjectSpec
  let settings: LoadOptions
  let externs: Externs
  /// By the index of the map in the object: its descriptor, or nil for a map that is not created.
  let descriptors: [CInt?]
  /// What struct_ops programs implement, by name of the program.
  let operations: [String: StructOpsMember]
  /// What programs are to be attached to other than their section says, by name.
  let targets: [String: AttachTarget]
  /// Where globals start within an arena's memory.
  let arenaOffset: Int

  private let kernel: () throws(BPFError) -> KernelTypes
  private var linker: CORELinker?

  init(
    spec: ObjectSpec, settings: LoadOptions, externs: Externs, descriptors: [CInt?],
    operations: [String: StructOpsMember], targets: [String: AttachTarget], arenaOffset: Int,
    kernel: @escaping () throws(BPFError) -> KernelTypes
  ) {
    self.spec = spec
    self.settings = settings
    self.externs = externs
    self.descriptors = descriptors
    self.operations = operations
    self.targets = targets
    self.arenaOffset = arenaOffset
    self.kernel = kernel
  }

  /// Prepares one program.
  ///
  /// - Parameters:
  ///   - jumpTable: makes the table of an indirect jump and gives its descriptor.
  mutating func prepare(
    _ program: ProgramSpec, jumpTable: ([UInt32]) throws(BPFError) -> CInt
  ) throws(BPFError) -> PreparedProgram {
    let context = "preparing program \(program.name)"
    let linked: LinkedProgram
    do {
      linked = try program.linked()
    } catch {
      throw BPFError(.object, context, underlying: error)
    }
    var prepared = PreparedProgram(
      name: program.name, type: program.type, attachType: program.attachType, flags: program.flags,
      instructions: linked.instructions, functions: linked.functions, lines: linked.lines, attachTypeID: .void,
      relocations: [])
    prepared.relocations = try relocate(&prepared.instructions, linked.core, program.name)
    for reference in linked.references { try resolve(reference, in: &prepared.instructions, context, jumpTable) }
    HelperFallback.apply(to: &prepared.instructions)
    return prepared
  }
}

// CO-RE.
extension ProgramPreparation {
  private mutating func relocate(
    _ instructions: inout [Instruction], _ records: [LinkedProgram.CORERelocation], _ name: String
  ) throws(BPFError) -> [COREResult] {
    guard !records.isEmpty else { return [] }
    guard let local = spec.types else {
      throw BPFError(.object, "relocating program \(name)", detail: "the object has CO-RE records but no BTF")
    }
    if linker == nil {
      let types: KernelTypes
      if let path = settings.kernelTypesPath {
        types = try KernelTypes.load(path: path)
      } else {
        types = try kernel()
      }
      linker = CORELinker(local: local, target: types.vmlinux, modules: { try types.modules().map(\.types) })
    }
    do {
      return try linker?.relocate(&instructions, records, program: name) ?? []
    } catch {
      throw BPFError(.relocation, "relocating program \(name)", underlying: error)
    }
  }
}

// References to maps and externs.
extension ProgramPreparation {
  private func resolve(
    _ reference: LinkedProgram.Reference, in code: inout [Instruction], _ context: String,
    _ jumpTable: ([UInt32]) throws(BPFError) -> CInt
  ) throws(BPFError) {
    let index = reference.instruction
    let isCall = code.indices.contains(index) && !code[index].isWide
    guard code.indices.contains(isCall ? index : index + 1) else {
      throw BPFError(.relocation, context, detail: "instruction \(index) lies outside the program")
    }
    switch reference.target {
    case .map(let number):
      load(map: number, PseudoSource.mapFD, offset: Int(code[index + 1].immediate), index, &code)
    case .mapValue(let number, let offset):
      let base = spec.maps.indices.contains(number) && spec.maps[number].type == .arena ? arenaOffset : 0
      load(map: number, PseudoSource.mapValue, offset: base + offset, index, &code)
    case .extern(let number):
      guard externs.resolutions.indices.contains(number) else {
        throw BPFError(.relocation, context, detail: "instruction \(index) refers to an extern that is not there")
      }
      if isCall {
        call(number, &code[index])
      } else {
        load(externs.resolutions[number], index, &code)
      }
    case .jumpTable(let slots):
      code[index].source = Register(rawValue: PseudoSource.mapValue)
      code[index].offset = 0
      code[index].immediate = try jumpTable(slots)
    }
  }

  private func call(_ number: Int, _ instruction: inout Instruction) {
    if case .type(let id, _, let module) = externs.resolutions[number] {
      instruction = .callKernel(btfID: Int32(bitPattern: id.rawValue), module: module)
    } else {
      instruction = .call(Helper(rawValue: UInt32(Poison.kernelFunctionBase) + UInt32(clamping: number)))
    }
  }

  private func load(
    map number: Int, _ source: UInt8, offset: Int, _ index: Int, _ code: inout [Instruction]
  ) {
    guard let descriptor = descriptors.indices.contains(number) ? descriptors[number] : nil else {
      // Two calls, since the poisoned load had two slots.
      let poison = Instruction.call(Helper(rawValue: UInt32(Poison.mapBase) + UInt32(clamping: number)))
      code[index] = poison
      code[index + 1] = poison
      return
    }
    code[index].source = Register(rawValue: source)
    code[index].immediate = descriptor
    code[index + 1].immediate = Int32(truncatingIfNeeded: offset)
  }

  private func load(_ resolution: Externs.Resolution, _ index: Int, _ code: inout [Instruction]) {
    func set(_ low: Int32, _ high: Int32, source: UInt8) {
      code[index].source = Register(rawValue: source)
      code[index].immediate = low
      code[index + 1].immediate = high
    }
    switch resolution {
    case .option(let number, let offset):
      load(map: number, PseudoSource.mapValue, offset: offset, index, &code)
    case .address(let address):
      set(Int32(truncatingIfNeeded: address), Int32(truncatingIfNeeded: address >> 32), source: 0)
    case .type(let id, let descriptor, _):
      set(Int32(bitPattern: id.rawValue), descriptor, source: PseudoSource.btfID)
    case .missing: set(0, 0, source: 0)
    }
  }
}

// What the program attaches to.
extension ProgramPreparation {
  /// Looks up what a prepared program attaches to, which the kernel wants to know when it is loaded.
  func aim(_ prepared: inout PreparedProgram, _ program: ProgramSpec) throws(BPFError) {
    guard program.type != .unspecified else {
      throw BPFError(
        .object, "loading program \(program.name)",
        detail: "its section \(program.sectionName) does not say what type it is",
        hint: "name the section as <bpf/bpf_helpers.h> programs do, or set the program's type")
    }
    let options = program.sectionKind?.options ?? []
    if options.contains(.attachTypeIsOptional), !KernelSupport.hasExpectedAttachTypes { prepared.attachType = nil }
    if options.contains(.isUSDT), KernelSupport.hasMultipleUprobes { prepared.attachType = .traceUprobeMulti }
    if program.type == .structOps {
      guard let member = operations[program.name] else {
        throw BPFError(
          .object, "loading program \(program.name)", detail: "no struct_ops map of the object refers to it")
      }
      prepared.attachTypeID = member.type.id
      prepared.attachModule = member.type.module
      prepared.attachType = AttachType(rawValue: member.index)
      return
    }
    let target = targets[program.name]
    guard options.contains(.attachesByBTF) || target != nil else { return }
    guard let name = target?.function ?? program.attachTarget else {
      throw BPFError(
        .object, "loading program \(program.name)", detail: "its section \(program.sectionName) names no target",
        hint: "write \(program.sectionName)/TARGET, or call setAttachTarget before the load")
    }
    do throws(BPFError) {
      if let other = target?.program {
        prepared.attachProgram = other
        prepared.attachTypeID = try other.function(named: name)
      } else if program.type == .ext {
        throw BPFError(
          .object, "finding \(name)", detail: "the program that it is a function of is not given",
          hint: "call setAttachTarget before the load")
      } else {
        let found = try kernel().attachTarget(named: name, for: program.attachType ?? .traceFentry)
        prepared.attachTypeID = found.id
        prepared.attachModule = found.module
      }
    } catch {
      throw error.within("loading program \(program.name)")
    }
  }
}

/// What a program is to be attached to by BTF: a function of the kernel, or of another program.
struct AttachTarget: Sendable {
  var program: Program?
  var function: String?
}

/// The member of a kernel struct that a struct_ops program implements.
struct StructOpsMember {
  var type: KernelType
  var index: UInt32
}

/// Helpers that kernels before 5.5 do not have, in terms of those that they do.
enum HelperFallback {
  // enum bpf_func_id
  private static let probeRead: Int32 = 4
  private static let probeReadString: Int32 = 45
  private static let replacements: [Int32: Int32] = [
    112: probeRead, 113: probeRead, 114: probeReadString, 115: probeReadString,
  ]

  static func apply(to instructions: inout [Instruction]) {
    guard !KernelSupport.hasSplitProbeRead else { return }
    rewrite(&instructions)
  }

  /// bpf_probe_read_user (112), _kernel (113), _user_str (114), _kernel_str (115) become bpf_probe_read and _str.
  static func rewrite(_ instructions: inout [Instruction]) {
    for index in instructions.indices where instructions[index].isHelperCall {
      if let replacement = replacements[instructions[index].immediate] { instructions[index].immediate = replacement }
    }
  }
}
