// SPDX-License-Identifier: Apache-2.0

/// A `struct bpf_timer` in a map's value, by its address.
struct Timer {
  var map: InMemoryMap
  var callback: UInt64 = 0
  /// When it is due, in nanoseconds of the environment's clock; nil while it does not run.
  var due: UInt64?
  /// The program whose function the callback is.
  var program: PreparedProgram?
}

// Timers run when a test advances the clock.
extension Execution {
  static let timerHelpers: [(String, HelperBody)] = [
    ("timer_init", { try $0.initTimer() }),
    ("timer_set_callback", { try $0.setTimerCallback() }),
    ("timer_start", { try $0.startTimer() }),
    ("timer_cancel", { try $0.cancelTimer() }),
  ]

  private func initTimer() throws(InterpreterError) -> UInt64 {
    let address = argument(1)
    _ = try output(address, 16)
    let map = try map(argument(2))
    guard map.region != 0, address >> 32 == UInt64(map.region) else {
      throw fault(.badArgument, "the timer is not in a value of map \(map.name)")
    }
    guard owner.timers[address] == nil else { return answer(.busy) }
    owner.timers[address] = Timer(map: map)
    return 0
  }

  private func setTimerCallback() throws(InterpreterError) -> UInt64 {
    guard owner.timers[argument(1)] != nil else { return answer(.invalid) }
    guard function(at: argument(2)) != nil else {
      throw fault(.badArgument, "the callback is not a function of this program")
    }
    owner.timers[argument(1)]?.callback = argument(2)
    owner.timers[argument(1)]?.program = program
    return 0
  }

  private func startTimer() throws(InterpreterError) -> UInt64 {
    // BPF_F_TIMER_ABS
    guard let timer = owner.timers[argument(1)], timer.callback != 0, argument(3) & ~3 == 0 else {
      return answer(.invalid)
    }
    let isAbsolute = argument(3) & 1 != 0
    owner.timers[argument(1)]?.due = isAbsolute ? argument(2) : owner.environment.time &+ argument(2)
    return 0
  }

  private func cancelTimer() throws(InterpreterError) -> UInt64 {
    guard let timer = owner.timers[argument(1)] else { return answer(.invalid) }
    owner.timers[argument(1)]?.due = nil
    return timer.due == nil ? 0 : 1
  }
}

extension Interpreter {
  /// Lets time pass, and calls the callbacks of timers that are due, in their order.
  ///
  /// - Returns: how many were called.
  /// - Throws: ``InterpreterError`` as ``run(_:_:)`` does.
  @discardableResult
  public func advanceTime(by nanoseconds: UInt64) throws(InterpreterError) -> Int {
    let end = environment.time &+ nanoseconds
    var fired = 0
    while let (address, timer) = timers.filter({ ($0.value.due ?? .max) <= end }).min(by: {
      ($0.value.due ?? 0, $0.key) < ($1.value.due ?? 0, $1.key)
    }) {
      guard let program = timer.program, let due = timer.due else { break }
      environment.time = max(environment.time, due)
      timers[address]?.due = nil
      try fire(address, timer, program)
      fired += 1
      guard fired < 100_000 else {
        throw InterpreterError(.tooManyInstructions, "a timer starts itself again without end")
      }
    }
    environment.time = end
    return fired
  }

  private func fire(_ address: UInt64, _ timer: Timer, _ program: PreparedProgram) throws(InterpreterError) {
    let map = timer.map
    let distance = address &- space.address(of: map.region)
    let slot = map.stride == 0 ? 0 : Int(distance) / (map.stride * map.cpuCount)
    let key = map.key(of: slot)
    guard let cell = space.allocate(.map("keys of \(map.name)"), size: max(8, key.count), access: .readOnly) else {
      throw InterpreterError(.outOfMemory, "no room for a key of \(map.name)")
    }
    space.regions[cell].host.copyMemory(from: key, byteCount: key.count)
    defer {
      space.release(cell)
      space.recycle(cell)
    }
    execution.context = RunContext()
    execution.registers.update(repeating: 0, count: 11)
    execution.registers[1] = map.handle
    execution.registers[2] = space.address(of: cell)
    execution.registers[3] = map.address(slot)
    _ = try execution.run(program, budget: instructionLimit, from: Int(timer.callback &- AddressSpace.codeBase))
  }
}
