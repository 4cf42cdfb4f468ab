// SPDX-License-Identifier: Apache-2.0

// Helpers for the clock, the current task and the CPU: they return what the environment holds.
extension Execution {
  static let taskHelpers: [(String, HelperBody)] = [
    ("ktime_get_ns", { $0.owner.environment.readClock() }),
    ("ktime_get_coarse_ns", { $0.owner.environment.readClock() }),
    ("ktime_get_boot_ns", { $0.owner.environment.readClock() &+ $0.owner.environment.suspendedTime }),
    ("ktime_get_tai_ns", { $0.owner.environment.readClock() &+ $0.owner.environment.epoch }),
    // At 250 ticks a second.
    ("jiffies64", { $0.owner.environment.readClock() / 4_000_000 }),
    (
      "get_current_pid_tgid",
      {
        let environment = $0.owner.environment
        return UInt64(environment.processID) << 32 | UInt64(environment.threadID ?? environment.processID)
      }
    ),
    (
      "get_current_uid_gid", { UInt64($0.owner.environment.groupID) << 32 | UInt64($0.owner.environment.userID) }
    ),
    ("get_current_comm", { try $0.currentCommand() }),
    ("get_current_task", { $0.owner.environment.currentTask }),
    ("get_current_task_btf", { $0.owner.environment.currentTask }),
    ("get_current_cgroup_id", { $0.owner.environment.cgroupID }),
    ("get_smp_processor_id", { UInt64($0.currentCPU) }),
    ("get_numa_node_id", { UInt64($0.owner.environment.numaNode) }),
    ("get_prandom_u32", { $0.owner.environment.nextRandom() & 0xffff_ffff }),
    ("get_attach_cookie", { $0.owner.environment.attachCookie }),
    ("get_func_ip", { $0.owner.environment.functionAddress }),
    ("get_func_arg", { try $0.functionArgument() }),
    ("get_func_arg_cnt", { UInt64($0.tracedArgumentCount) }),
    // A per-CPU address is that of its only copy.
    ("per_cpu_ptr", { $0.word(2) < UInt64($0.owner.options.cpuCount) ? $0.argument(1) : 0 }),
    ("this_cpu_ptr", { $0.argument(1) }),
    ("get_socket_cookie", { $0.owner.environment.socketCookie }),
    // What a socket's address stands for is the test's to know.
    ("sk_fullsock", { $0.argument(1) }),
    ("tcp_sock", { $0.argument(1) }),
    ("spin_lock", { try $0.lock() }),
    ("spin_unlock", { try $0.unlock() }),
    ("override_return", { $0.overrideReturn() }),
  ]

  private func currentCommand() throws(InterpreterError) -> UInt64 {
    let room = try output(argument(1), word(2))
    guard !room.isEmpty else { return answer(.invalid) }
    room.initializeMemory(as: UInt8.self, repeating: 0)
    let bytes = owner.environment.command.utf8.prefix(min(15, room.count - 1))
    room.copyBytes(from: bytes)
    return 0
  }

  /// The nth argument of the traced function.
  private func functionArgument() throws(InterpreterError) -> UInt64 {
    let number = word(2)
    let room = try output(argument(3), 8)
    guard number < UInt64(tracedArgumentCount) else { return answer(.invalid) }
    room.storeBytes(of: try load(argument(1) &+ number * 8, 8), as: UInt64.self)
    return 0
  }

  private func lock() throws(InterpreterError) -> UInt64 {
    _ = try output(argument(1), 4)
    guard locksHeld == 0 else { throw fault(.badArgument, "takes a spin lock while it holds one") }
    locksHeld = 1
    return 0
  }

  private func unlock() throws(InterpreterError) -> UInt64 {
    _ = try output(argument(1), 4)
    guard locksHeld == 1 else { throw fault(.badArgument, "releases a spin lock that it does not hold") }
    locksHeld = 0
    return 0
  }

  private func overrideReturn() -> UInt64 {
    returnOverride = argument(2)
    return 0
  }
}
