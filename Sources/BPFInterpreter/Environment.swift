// SPDX-License-Identifier: Apache-2.0

/// What a program learns from helpers about the machine, the time and the current task.
///
///     interpreter.environment.processID = 4711
///     interpreter.environment.command = "bash"
public struct Environment: Sendable, Hashable {
  /// Nanoseconds since the machine started, suspended time left out: `bpf_ktime_get_ns`.
  public var time: UInt64 = 1_000_000_000
  /// How much ``time`` advances at each look at a clock, in nanoseconds.
  public var timeStep: UInt64 = 0
  /// How long the machine was suspended, in nanoseconds: `bpf_ktime_get_boot_ns` is ahead of ``time`` by it.
  public var suspendedTime: UInt64 = 0
  /// Nanoseconds since 1970 when ``time`` was 0: `bpf_ktime_get_tai_ns`.
  public var epoch: UInt64 = 0
  /// The process: what user space calls pid and the kernel tgid.
  public var processID: UInt32 = 1000
  /// The thread: what user space calls tid and the kernel pid; nil for that of the process.
  public var threadID: UInt32?
  public var userID: UInt32 = 1000
  public var groupID: UInt32 = 1000
  /// The task's command name; 15 bytes count.
  public var command: String = "test"
  /// The address of the current `struct task_struct`, from ``Interpreter/place(_:named:in:)-([UInt8],_,_)``.
  public var currentTask: UInt64 = 0
  /// `bpf_get_current_cgroup_id`
  public var cgroupID: UInt64 = 1
  /// The current cgroup's ancestors, the root first: `bpf_get_current_ancestor_cgroup_id`.
  public var ancestorCgroupIDs: [UInt64] = []
  /// Paths by the address of their `struct path`: `bpf_d_path`.
  public var paths: [UInt64: String] = [:]
  /// Addresses of `struct task_struct` by process: `bpf_task_from_pid`.
  public var tasks: [UInt32: UInt64] = [:]
  /// `bpf_get_smp_processor_id`; below the interpreter's number of CPUs.
  public var cpu: Int = 0
  public var numaNode: UInt32 = 0
  /// `bpf_get_attach_cookie`
  public var attachCookie: UInt64 = 0
  /// `bpf_get_func_ip`: the address of the traced function.
  public var functionAddress: UInt64 = 0
  /// `bpf_get_socket_cookie`
  public var socketCookie: UInt64 = 1
  /// The kernel's call stack, innermost function first: `bpf_get_stack` and its like.
  public var kernelStack: [UInt64] = []
  /// The process's call stack, innermost function first.
  public var userStack: [UInt64] = []
  /// The seed of `bpf_get_prandom_u32`: the same seed yields the same numbers.
  public var randomSeed: UInt64 = 1 {
    didSet { randomState = randomSeed }
  }
  /// Whether a load from memory that you have not placed returns 0, as the kernel's guarded loads through BTF pointers do. Otherwise it
  /// is an error, which shows what a test forgot to place.
  public var unmappedLoadsGiveZero = false

  private var randomState: UInt64 = 1

  public init() {}

  /// SplitMix64.
  mutating func nextRandom() -> UInt64 {
    randomState &+= 0x9e37_79b9_7f4a_7c15
    var z = randomState
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func readClock() -> UInt64 {
    defer { time &+= timeStep }
    return time
  }
}
