// SPDX-License-Identifier: Apache-2.0

internal import BPFBytecode
internal import BPFObject

/// A helper of the interpreter: takes r1 to r5 from the registers and returns r0.
typealias HelperBody = @Sendable (Execution) throws -> UInt64

// Calls of helpers and kernel functions.
extension Execution {
  static let tailCallHelper: Int32 = 12

  /// By number.
  static let helpers: [HelperBody?] = {
    var table = [HelperBody?](repeating: nil, count: 256)
    let all = [
      mapHelpers, taskHelpers, memoryHelpers, ringHelpers, packetHelpers, checksumHelpers, textHelpers, loopHelpers,
      dynptrHelpers, timerHelpers, stackHelpers, processHelpers,
    ]
    for (name, body) in all.joined() {
      guard let number = Helper(named: name)?.rawValue, number < 256 else { continue }
      table[Int(number)] = body
    }
    return table
  }()

  func call(_ op: Operation) throws(InterpreterError) -> UInt64 {
    if op.code == .callKernelFunction { return try callKernelFunction(Int(op.offset)) }
    let number =
      op.code == .callHelper
      ? UInt32(bitPattern: op.offset) : UInt32(truncatingIfNeeded: registers[Int(op.destination)])
    if !owner.helpers.isEmpty, let function = owner.helpers[number] { return try call(function) }
    if number < 256, let body = Execution.helpers[Int(number)] { return try located { try body(self) } }
    throw fault(
      .unknownFunction, "calls \(Helper(rawValue: number)), which the interpreter does not have: add it with setHelper")
  }

  private func callKernelFunction(_ index: Int) throws(InterpreterError) -> UInt64 {
    guard let externs = owner.object?.externs, externs.indices.contains(index) else {
      throw fault(.unknownFunction, "calls a kernel function that no extern names")
    }
    let name = externs[index].essentialName
    if let function = owner.kernelFunctions[name] { return try call(function) }
    if let body = Execution.kernelFunctions[name] { return try located { try body(self) } }
    throw fault(
      .unknownFunction, "calls \(name), which the interpreter does not have: add it with setKernelFunction")
  }

  private func call(_ function: Interpreter.Function) throws(InterpreterError) -> UInt64 {
    var call = FunctionCall(execution: self)
    return try located { try function(&call) }
  }

  /// Errors that do not say where they come from do so afterwards.
  private func located(_ body: () throws -> UInt64) throws(InterpreterError) -> UInt64 {
    do {
      return try body()
    } catch let error as InterpreterError {
      throw error.instruction == nil ? fault(error.code, error.message) : error
    } catch {
      throw fault(.badArgument, "\(error)")
    }
  }

  /// The program that `bpf_tail_call` leads to; nil if it fails, after which the caller goes on.
  func tailCall() throws(InterpreterError) -> PreparedProgram? {
    let map = try map(registers[2])
    guard map.kind == .programs else { throw fault(.badArgument, "a tail call through \(map.name), a \(map.type) map") }
    let index = registers[3] & 0xffff_ffff
    registers[0] = UInt64(bitPattern: MapErrno.noEntry.rawValue)
    guard index < UInt64(map.maxEntries), tailCalls < Execution.maximumTailCalls,
      let name = map.programs[Int(index)]
    else { return nil }
    tailCalls += 1
    // r1 is the context still; the frame is the same, and its stack starts anew.
    let next = try owner.program(name)
    enterFrame(frames.count)
    return next
  }
}

// Arguments.
extension Execution {
  func argument(_ number: Int) -> UInt64 { registers[number] }

  /// A size or other number that the helper takes as 32 bits.
  func word(_ number: Int) -> UInt64 { registers[number] & 0xffff_ffff }

  func map(_ handle: UInt64) throws(InterpreterError) -> InMemoryMap {
    let distance = handle &- AddressSpace.mapBase
    guard distance & 0xff == 0, distance >> 8 < UInt64(owner.maps.count) else {
      throw fault(.badArgument, "the argument \(space.describe(handle)) is not a map")
    }
    return owner.maps[Int(distance >> 8)]
  }

  /// Memory that a helper reads for the program.
  func input(_ address: UInt64, _ size: UInt64) throws(InterpreterError) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(try memory(address, size, .load, "reads"))
  }

  /// Memory that a helper writes for the program.
  func output(_ address: UInt64, _ size: UInt64) throws(InterpreterError) -> UnsafeMutableRawBufferPointer {
    try memory(address, size, .store, "writes")
  }

  private func memory(
    _ address: UInt64, _ size: UInt64, _ access: Region.Access, _ verb: String
  ) throws(InterpreterError) -> UnsafeMutableRawBufferPointer {
    guard size > 0 else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
    guard let count = UInt32(exactly: size), let place = space.pointer(address, count, access) else {
      throw badAccess("calls a helper that \(verb)", Int(clamping: size), address)
    }
    charge(Int(count) / 64)
    return UnsafeMutableRawBufferPointer(start: place, count: Int(count))
  }

  /// Lets a helper's work count as so many instructions towards the limit, so that no run takes forever.
  func charge(_ instructions: Int) {
    budget -= instructions
    charged += instructions
  }

  /// The bytes of a string of the program, without its final zero.
  func text(_ address: UInt64) throws(InterpreterError) -> UnsafeRawBufferPointer {
    let count = space.extent(from: address, [.load, .kernelRead])
    guard count > 0, let place = space.pointer(address, UInt32(count), [.load, .kernelRead]) else {
      throw badAccess("calls a helper that reads", 1, address)
    }
    let bytes = UnsafeRawBufferPointer(start: place, count: count)
    let text = UnsafeRawBufferPointer(rebasing: bytes.prefix { $0 != 0 })
    charge(text.count / 64)
    return text
  }

  /// A kernel's answer: 0, or a negative error number.
  func answer(_ body: () throws(MapErrno) -> Void) -> UInt64 {
    do throws(MapErrno) {
      try body()
      return 0
    } catch {
      return UInt64(bitPattern: error.rawValue)
    }
  }

  func answer(_ error: MapErrno) -> UInt64 { UInt64(bitPattern: error.rawValue) }
}
