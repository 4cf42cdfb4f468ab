// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BTF

// Programs, made ready for this kernel. The order is libbpf's: CO-RE, subprograms, references to maps and externs, what the
// program attaches to.
extension LoadSession {
  /// Prepares one program: what is returned is everything that the kernel is handed.
  mutating func prepare(_ program: ProgramSpec) throws(BPFError) -> PreparedProgram {
    let context = "preparing program \(program.name)"
    let linked: LinkedProgram
    do {
      linked = try program.linked()
    } catch {
      throw BPFError(.object, context, underlying: error)
    }
    var prepared = PreparedProgram(
      program.type, name: program.name, license: spec.license, instructions: linked.instructions)
    prepared.spec = program
    prepared.attachType = program.attachType
    prepared.flags = program.flags
    prepared.externs = externs
    prepared.mapNames = spec.maps.map(\.name)
    prepared.externNames = spec.externs.map(\.name)
    prepared.localTypes = spec.types
    prepared.token = plan.options.token
    prepared.relocations = try relocate(&prepared.instructions, linked.core, program.name)
    for reference in linked.references { try resolve(reference, in: &prepared, context) }
    describe(&prepared, linked)
    do throws(BPFError) {
      try aim(&prepared, program)
    } catch {
      // The code is the same where this kernel lacks the target; that shows when the program is loaded.
      guard isPreview else { throw error }
    }
    switch plan.options.device {
    case .metadata(let interface) where program.type == .xdp:
      prepared.interfaceIndex = try interface.resolved()
      prepared.flags.insert(.xdpDeviceBound)
    case .offload(let interface) where program.type == .xdp || program.type == .schedCLS:
      prepared.interfaceIndex = try interface.resolved()
    default: break
    }
    return prepared
  }

  /// Adds the records of functions and lines, which refer to the object's types in the kernel.
  private func describe(_ prepared: inout PreparedProgram, _ linked: LinkedProgram) {
    prepared.types = types
    prepared.lines = linked.lines
    prepared.functions = linked.functions
    if let contexts {
      let type = prepared.type
      prepared.functions = linked.functions.map { ($0.instruction, contexts.function($0.type, in: type)) }
    }
    prepared.omissions = linked.omissions.map { omission in
      BPFCollection.Omission(
        omission.record == .functions ? .functionRecords : .lineRecords, of: "program \(prepared.name)",
        because: "\(omission.function) has none: compile its source with -g")
    }
  }

  private mutating func relocate(
    _ instructions: inout [Instruction], _ records: [LinkedProgram.CORERelocation], _ name: String
  ) throws(BPFError) -> [COREResult] {
    guard !records.isEmpty else { return [] }
    guard let local = spec.types else {
      throw BPFError(.object, "relocating program \(name)", detail: "the object has CO-RE records but no BTF")
    }
    if linker == nil {
      let types: KernelTypes
      if let path = plan.options.kernelTypesPath {
        types = try KernelTypes.load(path: path)
      } else {
        types = try KernelTypes.current()
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
extension LoadSession {
  private func resolve(
    _ reference: LinkedProgram.Reference, in prepared: inout PreparedProgram, _ context: String
  ) throws(BPFError) {
    let index = reference.instruction
    let isCall = prepared.instructions.indices.contains(index) && !prepared.instructions[index].isWide
    guard prepared.instructions.indices.contains(isCall ? index : index + 1) else {
      throw BPFError(.relocation, context, detail: "instruction \(index) lies outside the program")
    }
    switch reference.target {
    case .map(let number):
      let offset = Int(prepared.instructions[index + 1].immediate)
      load(map: number, PseudoSource.mapFD, offset: offset, index, &prepared.instructions)
    case .mapValue(let number, let offset):
      let base = spec.maps.indices.contains(number) && spec.maps[number].type == .arena ? arenaOffset : 0
      load(map: number, PseudoSource.mapValue, offset: base + offset, index, &prepared.instructions)
    case .extern(let number):
      guard externs.resolutions.indices.contains(number) else {
        throw BPFError(.relocation, context, detail: "instruction \(index) refers to an extern that is not there")
      }
      if isCall {
        call(number, &prepared.instructions[index])
      } else if case .kfunc = spec.externs[number].kind, externs.resolutions[number] != .missing,
        !KernelSupport.hasFunctionAddresses
      {
        // All that a program does with the address is ask whether there is one.
        load(.address(1), index, &prepared.instructions)
      } else {
        load(externs.resolutions[number], index, &prepared.instructions)
      }
    case .jumpTable(let slots):
      var descriptor: CInt = 0
      if !isPreview {
        let table = try JumpTables.make(slots)
        prepared.jumpTables.append(table)
        descriptor = table.fd
      }
      prepared.instructions[index].source = Register(rawValue: PseudoSource.mapValue)
      prepared.instructions[index].offset = 0
      prepared.instructions[index].immediate = descriptor
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
extension LoadSession {
  /// Looks up what a prepared program attaches to, which the kernel wants to know when the program is loaded.
  private func aim(_ prepared: inout PreparedProgram, _ program: ProgramSpec) throws(BPFError) {
    guard program.type != .unspecified else {
      throw BPFError(
        .object, "loading program \(program.name)",
        detail: "its section \(program.sectionName) does not say what type the program has",
        hint: "name the section as <bpf/bpf_helpers.h> programs do, or set the program's type")
    }
    let options = program.sectionKind?.options ?? []
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
    let target = plan.targets[program.name]
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
          .object, "finding \(name)", detail: "the program whose function it is was not given",
          hint: "call setAttachTarget before the load")
      } else {
        let found = try KernelTypes.current().attachTarget(named: name, for: program.attachType ?? .traceFentry)
        prepared.attachTypeID = found.id
        prepared.attachModule = found.module
      }
    } catch {
      throw error.within("loading program \(program.name)")
    }
  }
}
