// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// The context of kprobes, kretprobes, uprobes and uretprobes: the processor's registers where the program was called.
/// One object serves x86-64 and arm64.
///
///     @section("uprobe")
///     func called(_ context: Registers) -> Int32 { ... context.argument(0) ... }
///
/// - Requires: Linux 4.1, with BTF.
@frozen public struct Registers: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// An argument of the function that was called, by the C convention; `index` is a constant from 0 to 5. At a
  /// function's start only.
  @inline(__always)
  public func argument(_ index: Int) -> UInt64 {
    switch index {
    case 0: bpf_registers_argument0(pointer)
    case 1: bpf_registers_argument1(pointer)
    case 2: bpf_registers_argument2(pointer)
    case 3: bpf_registers_argument3(pointer)
    case 4: bpf_registers_argument4(pointer)
    default: bpf_registers_argument5(pointer)
    }
  }

  /// The same as an address.
  @inline(__always)
  public func pointerArgument(_ index: Int) -> UnsafeRawPointer? { UnsafeRawPointer(bitPattern: UInt(argument(index))) }

  /// What the function returned: in kretprobes and uretprobes.
  public var result: UInt64 { @inline(__always) get { bpf_registers_result(pointer) } }

  /// The address of the instruction (`ip`, `pc`).
  public var instructionPointer: UInt64 { @inline(__always) get { bpf_registers_ip(pointer) } }

  /// The stack pointer.
  public var stackPointer: UInt64 { @inline(__always) get { bpf_registers_sp(pointer) } }

  /// The frame pointer (`rbp`, `x29`).
  public var framePointer: UInt64 { @inline(__always) get { bpf_registers_fp(pointer) } }

  /// Makes the probed function return `value` at once: only functions that the kernel marks for error injection.
  ///
  /// - Requires: Linux 4.16; a GPL-compatible license.
  @inline(__always)
  public func overrideReturn(with value: UInt64) { _ = bpf_override_return(pointer, value) }
}

/// Registers that the kernel keeps (`struct pt_regs`): of a thread inside a system call, for instance.
@frozen public struct SavedRegisters: BitwiseCopyable {
  public let raw: OpaquePointer?
  @inline(__always) public init(raw: OpaquePointer?) { self.raw = raw }

  /// An argument of the system call; `index` is a constant from 0 to 5. 0 if it cannot be read.
  ///
  /// - Requires: Linux 5.5; a GPL-compatible license.
  @inline(__always)
  public func systemCallArgument(_ index: Int) -> UInt64 {
    switch index {
    case 0: bpf_saved_registers_argument0(raw)
    case 1: bpf_saved_registers_argument1(raw)
    case 2: bpf_saved_registers_argument2(raw)
    case 3: bpf_saved_registers_argument3(raw)
    case 4: bpf_saved_registers_argument4(raw)
    default: bpf_saved_registers_argument5(raw)
    }
  }

  /// The system call's number, as the processor counts; -1 outside of one.
  ///
  /// - Requires: Linux 5.5; a GPL-compatible license.
  public var systemCallNumber: Int32 {
    @inline(__always) get { Int32(truncatingIfNeeded: bpf_saved_registers_number(raw)) }
  }

  /// The address at which user space resumes.
  public var instructionPointer: UInt64 { @inline(__always) get { bpf_saved_registers_ip(raw) } }

  /// User space's stack.
  public var stackPointer: UInt64 { @inline(__always) get { bpf_saved_registers_sp(raw) } }
}

/// The context of a perf event's program: the registers of what was interrupted.
///
///     @section("perf_event")
///     func sampled(_ context: PerfEvent) -> Int32 { ... }
///
/// - Requires: Linux 4.9, with BTF.
@frozen public struct PerfEvent: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// The registers of what was interrupted.
  public var registers: Registers { @inline(__always) get { Registers(raw: raw) } }

  /// How many events the sample stands for.
  public var samplePeriod: UInt64 { @inline(__always) get { bpf_perf_event_sample_period(pointer) } }

  /// The address that the event is about, if it has one.
  public var address: UInt64 { @inline(__always) get { bpf_perf_event_address(pointer) } }
}
