// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// The context of a tracepoint's program: the record as `/sys/kernel/tracing/events/*/*/format` describes it.
///
///     @section("tracepoint/sched/sched_switch")
///     func switched(_ record: TracepointRecord) -> Int32 { ... record.field(Int32.self, at: 24) ... }
///
/// - Requires: Linux 4.7.
@frozen public struct TracepointRecord: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// A field of the record; `offset` is a constant, as in the format.
  @inline(__always)
  public func field<T: BitwiseCopyable>(_ type: T.Type = T.self, at offset: Int) -> T {
    UnsafeRawPointer(raw).load(fromByteOffset: offset, as: type)
  }
}

/// The record of a system call's start: `tracepoint/syscalls/sys_enter_NAME` and `tracepoint/raw_syscalls/sys_enter`.
///
/// - Requires: Linux 4.7.
@frozen public struct SystemCallEntry: WordContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// The system call's number.
  public var number: Int32 { @inline(__always) get { Int32(truncatingIfNeeded: word(1)) } }

  /// An argument; `index` is a constant from 0 to 5.
  @inline(__always)
  public func argument(_ index: Int) -> UInt64 { word(2 &+ index) }

  /// The same as an address in the process.
  @inline(__always)
  public func pointerArgument(_ index: Int) -> UnsafeRawPointer? { UnsafeRawPointer(bitPattern: UInt(argument(index))) }
}

/// The record of a system call's end: `tracepoint/syscalls/sys_exit_NAME` and `tracepoint/raw_syscalls/sys_exit`.
///
/// - Requires: Linux 4.7.
@frozen public struct SystemCallExit: WordContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// The system call's number.
  public var number: Int32 { @inline(__always) get { Int32(truncatingIfNeeded: word(1)) } }

  /// What it returns: a negative errno, or what the call's manual page says.
  public var result: Int64 { @inline(__always) get { Int64(bitPattern: word(2)) } }
}

/// The context of a raw tracepoint: the arguments of the kernel's `trace_NAME(...)`, as numbers. What they point to is
/// read by ``readKernel(_:at:)``; BTF tracepoints (`tp_btf`) read it directly.
///
///     @section("raw_tp/sys_enter")
///     func entered(_ context: RawTracepoint) -> Int32 { ... context.word(1) ... }
///
/// - Requires: Linux 4.17.
@frozen public struct RawTracepoint: WordContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }
}

/// The context of programs that the kernel calls with a function's typed arguments: BTF tracepoints, fentry, fexit,
/// fmod_ret, LSM, struct_ops. Argument `index` is `word(index)`, or `pointer(index)` for what the verifier knows the type
/// of; in fexit and LSM programs the function's result follows the last argument.
///
/// - Requires: Linux 5.5; LSM 5.7; struct_ops 5.6.
@frozen public struct FunctionArguments: WordContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// The result of a function of so many arguments, a constant: in fexit and fmod_ret programs. Of an `int` only the lower
  /// half is meant: `Int32(truncatingIfNeeded:)`.
  @inline(__always)
  public func result(after arguments: Int) -> Int64 { Int64(bitPattern: word(arguments)) }

  /// How many arguments the traced function has.
  ///
  /// - Requires: Linux 5.17.
  public var count: Int { @inline(__always) get { bpf_get_func_arg_cnt(pointer) } }

  /// The traced function's result, however many arguments it has; nil outside fexit and fmod_ret.
  ///
  /// - Requires: Linux 5.17.
  public var result: UInt64? {
    @inline(__always) get {
      readFromHelper(UInt64.self) { bpf_get_func_ret(pointer, $0.assumingMemoryBound(to: UInt64.self)) }
    }
  }
}

/// The context of a program that user space runs by itself (`syscall`): the memory that it gave, which is copied back.
///
/// - Requires: Linux 5.14.
@frozen public struct SystemCallProgram: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// Reads from the memory that user space gave; `offset` is a constant.
  @inline(__always)
  public func load<T: BitwiseCopyable>(_ type: T.Type = T.self, at offset: Int = 0) -> T {
    UnsafeRawPointer(raw).load(fromByteOffset: offset, as: type)
  }

  /// Writes to the memory that user space gave; `offset` is a constant.
  @inline(__always)
  public func store<T: BitwiseCopyable>(_ value: T, at offset: Int = 0) {
    pointer.storeBytes(of: value, toByteOffset: offset, as: T.self)
  }
}

/// The context of a netfilter program.
///
/// - Requires: Linux 6.4.
@frozen public struct NetfilterContext: WordContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// The kernel's `struct nf_hook_state`.
  public var state: OpaquePointer? { @inline(__always) get { pointer(0) } }
  /// The kernel's `struct sk_buff`.
  public var socketBuffer: OpaquePointer? { @inline(__always) get { pointer(1) } }
}

/// The context of an iterator: where the output goes, and the item, nil at the end. What the words behind the item are
/// depends on the kind (`struct bpf_iter__task_file`: task, descriptor, file).
///
///     @section("iter/task")
///     func list(_ context: IteratorItem) -> IteratorVerdict { ... }
///
/// - Requires: Linux 5.8.
@frozen public struct IteratorItem: WordContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  @inline(__always) @usableFromInline
  var meta: UnsafeRawPointer { UnsafeRawPointer(pointer(0).unsafelyUnwrapped) }

  /// The file that readers of the iterator see.
  public var output: OpaquePointer { @inline(__always) get { bpf_iter_meta_seq(meta) } }

  /// The number of the item in this session, from 0.
  public var number: UInt64 { @inline(__always) get { bpf_iter_meta_number(meta) } }

  /// The item, a kernel pointer: nil when there are no more.
  public var item: OpaquePointer? { @inline(__always) get { pointer(1) } }

  /// Writes a value's bytes to the iterator's file.
  ///
  /// - Requires: Linux 5.8; a GPL-compatible license.
  @inline(__always) @discardableResult
  public func write<T: BitwiseCopyable>(_ value: T) -> Status {
    withUnsafeBytesOf(value) { Status(rawValue: bpf_seq_write(output, $0, UInt32(MemoryLayout<T>.size))) }
  }

  /// Prints text to the iterator's file; the format is that of ``printk(_:)``.
  ///
  /// - Requires: Linux 5.8; a GPL-compatible license.
  @inline(__always) @discardableResult
  public func print(_ format: StaticString) -> Status {
    Status(rawValue: bpf_seq_printf(output, characters(format), size(format), nil, 0))
  }

  /// Prints text with a number.
  @inline(__always) @discardableResult
  public func print<A: BinaryInteger>(_ format: StaticString, _ first: A) -> Status {
    printNumbers(format, UInt64(truncatingIfNeeded: first))
  }

  /// Prints text with two numbers.
  @inline(__always) @discardableResult
  public func print<A: BinaryInteger, B: BinaryInteger>(_ format: StaticString, _ first: A, _ second: B) -> Status {
    printNumbers(format, (UInt64(truncatingIfNeeded: first), UInt64(truncatingIfNeeded: second)))
  }

  /// Prints text with three numbers.
  @inline(__always) @discardableResult
  public func print<A: BinaryInteger, B: BinaryInteger, C: BinaryInteger>(
    _ format: StaticString, _ first: A, _ second: B, _ third: C
  ) -> Status {
    printNumbers(
      format,
      (UInt64(truncatingIfNeeded: first), UInt64(truncatingIfNeeded: second), UInt64(truncatingIfNeeded: third)))
  }

  @inline(__always) @usableFromInline
  func printNumbers<Numbers: BitwiseCopyable>(_ format: StaticString, _ numbers: Numbers) -> Status {
    withUnsafeBytesOf(numbers) {
      Status(
        rawValue: bpf_seq_printf(
          output, characters(format), size(format), $0, UInt32(MemoryLayout<Numbers>.size)))
    }
  }
}
