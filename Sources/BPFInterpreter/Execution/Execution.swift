// SPDX-License-Identifier: Apache-2.0

/// The state of a run: registers, frames, what the program holds. One is used again for each run.
final class Execution {
  let space: AddressSpace
  /// r0 to r10; five more, so that no number of four bits leaves it.
  let registers: UnsafeMutablePointer<UInt64>
  /// The interpreter, which lives as long as this: it owns it.
  unowned let owner: Interpreter

  /// What a call returns to.
  struct Frame {
    var program: PreparedProgram
    var returnSlot: Int
    var saved: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  }
  var frames: [Frame] = []
  /// The program and the slot that are being run, for messages.
  var program: PreparedProgram?
  @exclusivity(unchecked) var slot = 0
  /// How many instructions may still be run.
  @exclusivity(unchecked) var budget = 0
  /// How much of what was spent were not instructions.
  var charged = 0
  var tailCalls = 0
  /// The context and packet of this run.
  var context = RunContext()
  /// Records that were reserved and neither submitted nor discarded: region number to ring.
  var reservations: [Int: Reservation] = [:]
  /// Regions that were given back: their numbers are used again in the next run.
  var retired: [Int] = []
  var dynptrs: [DynamicPointer?] = []
  var locksHeld = 0
  var redirect: Redirect?
  var signals: [Int] = []
  /// What an iterator wrote.
  var written: [UInt8] = []
  /// What `bpf_override_return` asked for.
  var returnOverride: UInt64?

  /// The first of eight regions, one a frame.
  private let stacks: Int

  /// Where a frame's stack ends: its r10.
  func stackTop(_ depth: Int) -> UInt64 { UInt64(stacks + depth) << 32 + UInt64(Execution.stackSize) }
  static let maximumDepth = 8
  static let stackSize = 512
  static let maximumTailCalls = 33

  init?(_ space: AddressSpace, owner: Interpreter) {
    self.space = space
    self.owner = owner
    registers = .allocate(capacity: 16)
    registers.initialize(repeating: 0, count: 16)
    var first: Int?
    for frame in 0..<Execution.maximumDepth {
      let region = space.allocate(.stack(frame: frame), size: Execution.stackSize, access: .readWrite)
      if first == nil { first = region }
    }
    stacks = first ?? 0
    guard first != nil else { return nil }
  }

  deinit { registers.deallocate() }

  /// Runs a program to its end and returns r0.
  func run(_ program: PreparedProgram, budget: Int, from start: Int = 0) throws(InterpreterError) -> UInt64 {
    self.program = program
    self.budget = budget
    charged = 0
    frames.removeAll(keepingCapacity: true)
    reservations.removeAll(keepingCapacity: true)
    dynptrs.removeAll(keepingCapacity: true)
    tailCalls = 0
    locksHeld = 0
    redirect = nil
    signals = []
    returnOverride = nil
    written = []
    enterFrame(0)
    defer { retireAll() }
    let result = try execute(from: start, depth: 0)
    guard reservations.isEmpty else {
      throw fault(.unreleased, "ended with a ring record that was neither submitted nor discarded")
    }
    guard locksHeld == 0 else { throw fault(.unreleased, "ended with a spin lock held") }
    return result
  }

  private func retireAll() {
    for region in reservations.keys {
      space.release(region)
      retired.append(region)
    }
    reservations.removeAll(keepingCapacity: true)
    for region in retired { space.recycle(region) }
    retired.removeAll(keepingCapacity: true)
  }

  /// Gives a frame its stack: zeroes, so that runs do not depend on each other.
  func enterFrame(_ depth: Int) {
    let region = stacks + depth
    space.regions[region].host.initializeMemory(as: UInt8.self, repeating: 0, count: Execution.stackSize)
    registers[10] = stackTop(depth)
  }

  /// The slot of a function of the program, by its address; nil for any other address.
  func function(at address: UInt64) -> Int? {
    let slot = address &- AddressSpace.codeBase
    guard let program, slot < UInt64(program.instructions.count) else { return nil }
    return Int(slot)
  }

  /// Calls a function of the program from a helper, and returns what it returns.
  func callBack(_ address: UInt64, _ arguments: UInt64...) throws(InterpreterError) -> UInt64 {
    guard let program, let slot = function(at: address) else {
      throw fault(.badArgument, "the callback is not a function of this program")
    }
    let depth = frames.count + 1
    guard depth < Execution.maximumDepth else { throw tooDeep() }
    let saved = (0..<11).map { registers[$0] }
    let callSlot = self.slot
    frames.append(Frame(program: program, returnSlot: callSlot))
    for (index, argument) in arguments.prefix(5).enumerated() { registers[index + 1] = argument }
    enterFrame(depth)
    let result = try execute(from: slot, depth: depth)
    frames.removeLast()
    for index in 0..<11 { registers[index] = saved[index] }
    self.program = program
    self.slot = callSlot
    return result
  }

  /// An error at the instruction that is being run.
  func fault(_ code: InterpreterError.Code, _ message: String) -> InterpreterError {
    var error = InterpreterError(code, message)
    error.program = program?.name
    error.instruction = slot
    error.instructionText = program?.text(of: slot)
    error.source = program?.source(of: slot)
    return error
  }

  func tooDeep() -> InterpreterError {
    fault(.callTooDeep, "more than \(Execution.maximumDepth) frames of subprograms and callbacks")
  }
}

/// A record of a ring that a program is filling.
struct Reservation {
  var map: InMemoryMap
  var size: Int
}
