// SPDX-License-Identifier: Apache-2.0

internal import BPFObject

extension Interpreter {
  /// Runs a program, or "main" of an interpreter that was made from instructions.
  ///
  /// r1 holds the context's address and, as in other interpreters of user space, r2 its size.
  ///
  /// - Throws: ``InterpreterError`` with the instruction at which the run could not go on.
  public func run(_ name: String = "main", _ input: Input = .bytes([])) throws(InterpreterError) -> Run {
    let program = try program(name)
    do throws(InterpreterError) {
      execution.context = try context(input, for: program)
    } catch {
      throw error.within(name)
    }
    let registers = execution.registers
    registers.update(repeating: 0, count: 11)
    registers[1] = execution.context.region == 0 ? 0 : space.address(of: execution.context.region)
    registers[2] = UInt64(input.context.count)
    let printedBefore = printed.count
    let result = try execution.run(program, budget: instructionLimit)
    var run = Run(r0: result)
    run.instructionsExecuted = instructionLimit - execution.budget - execution.charged
    run.packet = execution.context.packet?.bytes(in: space) ?? []
    run.redirect = execution.redirect
    run.overriddenReturn = execution.returnOverride.map { Int64(bitPattern: $0) }
    run.written = execution.written
    run.signals = execution.signals
    run.printed = Array(printed[printedBefore...])
    if let packet = execution.context.packet {
      run.packetMetadata = packet.metadataBytes(in: space)
    }
    if execution.context.region != 0, let host = space.buffer(execution.context.region) {
      run.context = Array(UnsafeRawBufferPointer(start: host, count: input.context.count))
    }
    return run
  }

  /// Runs a program on a packet, from its Ethernet header on: as XDP or as a socket buffer, by its type.
  public func run(_ name: String = "main", packet: [UInt8]) throws(InterpreterError) -> Run {
    try run(name, program(name).type == .xdp ? .xdp(packet) : .socketBuffer(packet))
  }

  /// Runs a program on arguments of 8 bytes each: raw tracepoints, `tp_btf`, `fentry`, LSM hooks.
  public func run(_ name: String = "main", arguments: UInt64...) throws(InterpreterError) -> Run {
    try run(name, .arguments(arguments))
  }

  /// Runs a program on a record: of a tracepoint, or any other context as its C struct is laid out.
  public func run(_ name: String = "main", record: [UInt8]) throws(InterpreterError) -> Run {
    try run(name, .bytes(record))
  }

  /// Runs a program on a record as a value that is laid out as its C struct.
  public func run(_ name: String = "main", record: some BitwiseCopyable) throws(InterpreterError) -> Run {
    try run(name, .value(record))
  }

  /// Runs a kprobe or uprobe.
  public func run(_ name: String = "main", registers: ProcessorRegisters) throws(InterpreterError) -> Run {
    try run(name, .registers(registers))
  }
}

// Contexts.
extension Interpreter {
  private func context(_ input: Input, for program: PreparedProgram) throws(InterpreterError) -> RunContext {
    var context = RunContext()
    let layout: ContextLayout? =
      switch input.kind {
      case .xdp: .xdp
      case .socketBuffer: .socketBuffer
      case .bytes: nil
      }
    if input.context.count > contextCapacity || contextRegion == 0 {
      if contextRegion != 0 {
        space.release(contextRegion)
        space.recycle(contextRegion)
      }
      let capacity = max(256, input.context.count)
      guard let region = space.allocate(.context, size: capacity, access: .readWrite) else {
        throw InterpreterError(.outOfMemory, "the context does not fit in the interpreter's memory")
      }
      contextRegion = region
      contextCapacity = capacity
    }
    space.window(contextRegion, from: 0, count: input.context.count)
    space.regions[contextRegion].access = layout == nil ? .readWrite : .context
    space.buffer(contextRegion).map { host in
      input.context.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(start: host, count: contextCapacity).copyMemory(from: $0)
      }
    }
    context.region = contextRegion
    context.layout = layout
    context.argumentCount = input.argumentCount
    if layout != nil { context.packet = try packet(input, for: program) }
    return context
  }

  private func packet(_ input: Input, for program: PreparedProgram) throws(InterpreterError) -> PacketBuffer {
    let needed = max(4096, PacketBuffer.headroom + input.packet.count + 4096)
    if needed > packetCapacity {
      if packetRegion != 0 {
        space.release(packetRegion)
        space.recycle(packetRegion)
      }
      guard
        let region = space.allocate(.packet, size: needed, start: UInt32(PacketBuffer.base), access: .readWrite)
      else { throw InterpreterError(.outOfMemory, "the packet does not fit in the interpreter's memory") }
      packetRegion = region
      packetCapacity = needed
    }
    guard input.metadata.count % 4 == 0, input.metadata.count <= 252 else {
      throw InterpreterError(.unsupported, "\(input.metadata.count) bytes of metadata: at most 252, a multiple of four")
    }
    var packet = PacketBuffer(
      region: packetRegion, capacity: packetCapacity, count: input.packet.count, metadata: input.metadata.count)
    if let host = space.buffer(packetRegion) {
      let room = UnsafeMutableRawBufferPointer(start: host, count: packetCapacity)
      room.initializeMemory(as: UInt8.self, repeating: 0)
      input.metadata.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: room[packet.metadata...]).copyMemory(from: $0)
      }
      input.packet.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: room[packet.data...]).copyMemory(from: $0)
      }
    }
    if input.kind == .socketBuffer {
      if program.type.seesNetworkHeaderFirst, input.packet.count >= 14 {
        packet.data += 14
        packet.metadata = packet.data
        packet.pulled = 14
        setLength(packet.count)
      } else {
        packet.networkOffset = min(14, input.packet.count)
      }
    }
    packet.show(in: space)
    return packet
  }

  /// `len` of the `struct __sk_buff`.
  func setLength(_ count: Int) {
    space.buffer(contextRegion)?.storeBytes(of: UInt32(clamping: count), as: UInt32.self)
  }
}

extension ProgramType {
  /// Whether the kernel takes the Ethernet header off before programs of this type see a packet.
  var seesNetworkHeaderFirst: Bool { self == .socketFilter || self == .cgroupSKB }
}
