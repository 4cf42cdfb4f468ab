// SPDX-License-Identifier: Apache-2.0

internal import BPFBytecode
internal import BPFObject
internal import BTF

// Programs are made ready when they first run: one that cannot be does not get in the way of others.
extension Interpreter {
  func program(_ name: String) throws(InterpreterError) -> PreparedProgram {
    if let program = prepared[name] { return program }
    guard let object, let spec = object[program: name] else {
      let names = object?.programs.map(\.name) ?? Array(prepared.keys)
      throw InterpreterError(.notFound, "the object has no program \(name); it has \(list(names))")
    }
    do throws(InterpreterError) {
      let program = try prepare(spec, object)
      prepared[name] = program
      return program
    } catch {
      throw error.within(name)
    }
  }

  private func prepare(_ spec: ProgramSpec, _ object: ObjectSpec) throws(InterpreterError) -> PreparedProgram {
    var linked: LinkedProgram
    do throws(ObjectError) { linked = try spec.linked() } catch {
      throw InterpreterError(.invalidProgram, "\(error)")
    }
    if let kernel = options.kernelTypes, let local = object.types, !linked.core.isEmpty {
      var linker = CORELinker(local: local, target: kernel)
      do throws(COREError) {
        _ = try linker.relocate(&linked.instructions, linked.core, program: spec.name)
      } catch {
        throw InterpreterError(.invalidProgram, "\(error)")
      }
    }
    for reference in linked.references { mark(reference, object, &linked.instructions) }
    try Interpreter.validate(linked.instructions, spec.name)
    var operations = Decoder(linked.instructions).decode()
    for reference in linked.references { try resolve(reference, object, &operations) }
    return PreparedProgram(
      name: spec.name, type: spec.type, attachType: spec.attachType, instructions: linked.instructions,
      operations: operations, lines: linked.lines, types: object.types)
  }

  static func validate(_ instructions: [Instruction], _ name: String) throws(InterpreterError) {
    do throws(BytecodeError) { try instructions.validate() } catch {
      var result = InterpreterError(.invalidProgram, error.reason.description)
      result.program = name
      result.instruction = error.instruction
      throw result
    }
  }

  /// Calls of kernel functions name their extern by its number.
  private func mark(_ reference: LinkedProgram.Reference, _ object: ObjectSpec, _ code: inout [Instruction]) {
    let index = reference.instruction
    guard case .extern(let number) = reference.target, code.indices.contains(index), !code[index].isWide else { return }
    code[index] = .callKernel(btfID: Int32(truncatingIfNeeded: number))
  }

  private func resolve(
    _ reference: LinkedProgram.Reference, _ object: ObjectSpec, _ operations: inout [Operation]
  ) throws(InterpreterError) {
    let index = reference.instruction
    guard operations.indices.contains(index), operations[index].code != .callKernelFunction else { return }
    switch reference.target {
    case .map(let number):
      guard maps.indices.contains(number) else { return }
      load(maps[number].handle, &operations[index], object, index)
    case .mapValue(let number, let offset):
      guard maps.indices.contains(number), maps[number].region != 0 else { return }
      load(
        space.address(of: maps[number].region) &+ UInt64(truncatingIfNeeded: offset), &operations[index], object, index)
    case .extern(let number):
      guard object.externs.indices.contains(number) else { return }
      if let address = address(of: object.externs[number], object) {
        load(address, &operations[index], object, index)
      } else {
        operations[index] = Decoder.unusable(.missingExtern)
      }
    case .jumpTable(let slots): load(try jumpTable(slots), &operations[index], object, index)
    }
  }

  private func load(_ value: UInt64, _ operation: inout Operation, _ object: ObjectSpec, _ index: Int) {
    operation.code = .wide
    operation.constant = value
  }

  private func jumpTable(_ slots: [UInt32]) throws(InterpreterError) -> UInt64 {
    guard let region = space.allocate(.jumpTable, size: slots.count * 8, access: .readOnly) else {
      throw InterpreterError(.outOfMemory, "a jump table does not fit in the interpreter's memory")
    }
    for (index, slot) in slots.enumerated() {
      space.regions[region].host.storeBytes(
        of: AddressSpace.codeBase + UInt64(slot), toByteOffset: index * 8, as: UInt64.self)
    }
    return space.address(of: region)
  }

  private func address(of extern: ExternSpec, _ object: ObjectSpec) -> UInt64? {
    switch extern.kind {
    case .kconfig(_, _, let offset, _):
      guard let map = maps.first(where: { $0.spec.section == .kconfig }) else { return nil }
      return space.address(of: map.region) + UInt64(truncatingIfNeeded: offset)
    case .kfunc:
      // A program asks whether there is a function by its address. Here no read of an address that is none faults safely, as
      // reads of what bpf_rdonly_cast returns do: a program that asks for it takes the helper.
      if extern.isWeak, extern.essentialName == "bpf_rdonly_cast" { return 0 }
      let isThere =
        kernelFunctions[extern.essentialName] != nil || Execution.kernelFunctions[extern.essentialName] != nil
      return isThere ? 0xffff_ffff_8100_0000 : extern.isWeak ? 0 : nil
    case .ksymTyped, .ksymTypeless:
      return options.externs[extern.name] ?? options.externs[extern.essentialName] ?? (extern.isWeak ? 0 : nil)
    }
  }

  /// References of a program that has no object: by index.
  func resolveIndexes(_ instructions: [Instruction], _ operations: inout [Operation]) {
    instructions.forEachInstruction { index, slot in
      guard slot.isWide, index + 1 < instructions.count, slot.destination.rawValue < 10 else { return }
      let number = Int(slot.immediate)
      let target: UInt64
      switch slot.registers >> 4 {
      case PseudoSource.mapIndex:
        guard maps.indices.contains(number) else { return }
        target = maps[number].handle
      case PseudoSource.mapIndexValue:
        guard maps.indices.contains(number), maps[number].region != 0 else { return }
        let offset = UInt64(UInt32(bitPattern: instructions[index + 1].immediate))
        target = space.address(of: maps[number].region) + offset
      default: return
      }
      operations[index] = Operation(
        code: .wide, destination: slot.destination.rawValue, source: 0, offset: 0, constant: target)
    }
  }
}

// What maps start with.
extension Interpreter {
  func fillMapsOfMaps(_ object: ObjectSpec) throws(InterpreterError) {
    for (index, spec) in object.maps.enumerated() {
      guard case .slots(let slots) = spec.contents else { continue }
      for (slot, target) in slots {
        switch target {
        case .program(let name): maps[index].programs[slot] = name
        case .map(let number):
          guard maps.indices.contains(number) else { continue }
          try maps[index].set(maps[number], for: Input.bytes(UInt32(truncatingIfNeeded: slot)))
        }
      }
    }
  }

  func fillConfiguration(_ object: ObjectSpec) throws(InterpreterError) {
    guard let map = maps.first(where: { $0.spec.section == .kconfig }), map.region != 0 else { return }
    for extern in object.externs {
      guard case .kconfig(_, _, let offset, let size) = extern.kind, offset >= 0, size > 0,
        offset + size <= map.valueSize
      else { continue }
      let version = options.kernelVersion
      let known: UInt64? =
        extern.name == "LINUX_KERNEL_VERSION" ? UInt64(version.major) << 16 | UInt64(version.minor) << 8 : nil
      let value = options.externs[extern.name] ?? known ?? 0
      for (byte, place) in zip(Input.bytes(value), offset..<offset + size) {
        map.place(0).storeBytes(of: byte, toByteOffset: place, as: UInt8.self)
      }
    }
  }
}

extension InMemoryMap {
  /// Puts a map into a map of maps.
  ///
  /// - Throws: ``InterpreterError`` of code `mapRefused` if this is not a map of maps, or has no room.
  public func set(_ inner: InMemoryMap, for key: [UInt8]) throws(InterpreterError) {
    guard type.isMapOfMaps else { throw refusal("set(_:for:)", .invalid) }
    try set(Input.bytes(UInt32(truncatingIfNeeded: inner.id)), for: key)
    guard let slot = withPointer(key, { slot(of: $0) }) else { return }
    innerMaps[slot] = inner
  }

  /// The map under a key of a map of maps, or nil.
  public func innerMap(_ key: [UInt8]) throws(InterpreterError) -> InMemoryMap? {
    try check(key, keySize, "key")
    return withPointer(key) { slot(of: $0) }.flatMap { innerMaps[$0] }
  }

  /// Puts a program of the object into a program array, by name.
  public func set(program name: String, for index: UInt32) throws(InterpreterError) {
    guard kind == .programs else { throw refusal("set(program:for:)", .invalid) }
    guard Int(index) < maxEntries else { throw refusal("set(program:for:)", .tooBig) }
    programs[Int(index)] = name
  }
}
