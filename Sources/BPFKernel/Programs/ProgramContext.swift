// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// The argument that the kernel calls a program with. A program's only parameter has a type of this kind.
public protocol ProgramContext: BitwiseCopyable {
  /// The kernel's context.
  var raw: OpaquePointer { get }
  init(raw: OpaquePointer)
}

extension ProgramContext {
  /// The context in the form that helpers expect.
  public var pointer: UnsafeMutableRawPointer { @inline(__always) get { UnsafeMutableRawPointer(raw) } }

  /// The number that user space passed when it attached the program; 0 if it passed none.
  ///
  /// - Requires: Linux 5.15 in kprobes, uprobes, tracepoints and perf events; 5.19 in fentry, fexit and LSM
  ///   programs; 6.10 in raw and BTF tracepoints.
  public var cookie: UInt64 { @inline(__always) get { bpf_get_attach_cookie(pointer) } }

  /// The address of the function that a kprobe, fentry or fexit program watches.
  ///
  /// - Requires: Linux 5.15; a GPL-compatible license, except in multi-kprobe and multi-uprobe programs.
  public var functionAddress: UInt64 { @inline(__always) get { bpf_get_func_ip(pointer) } }

  /// Writes the call stack into `buffer` as addresses, the innermost first.
  ///
  /// - Parameters:
  ///   - buffer: where the addresses are written.
  ///   - bytes: the size of the buffer.
  ///   - user: whether to read the process's stack instead of the kernel's.
  ///   - skip: the number of innermost frames to leave out.
  /// - Returns: the number of bytes written.
  /// - Requires: Linux 4.18; a GPL-compatible license.
  @inline(__always)
  public func readStack(into buffer: UnsafeMutableRawPointer, bytes: UInt32, user: Bool = false, skip: UInt8 = 0)
    -> Status
  {
    Status(rawValue: bpf_get_stack(pointer, buffer, bytes, UInt64(skip) | (user ? 0x100 : 0)))
  }
}

/// A context that is an array of 64-bit words.
public protocol WordContext: ProgramContext {}

extension WordContext {
  /// The word at `index`, a constant below 16.
  @inline(__always)
  public func word(_ index: Int) -> UInt64 {
    switch index {
    case 0: bpf_context_words_word0(raw)
    case 1: bpf_context_words_word1(raw)
    case 2: bpf_context_words_word2(raw)
    case 3: bpf_context_words_word3(raw)
    case 4: bpf_context_words_word4(raw)
    case 5: bpf_context_words_word5(raw)
    case 6: bpf_context_words_word6(raw)
    case 7: bpf_context_words_word7(raw)
    case 8: bpf_context_words_word8(raw)
    case 9: bpf_context_words_word9(raw)
    case 10: bpf_context_words_word10(raw)
    case 11: bpf_context_words_word11(raw)
    case 12: bpf_context_words_word12(raw)
    case 13: bpf_context_words_word13(raw)
    case 14: bpf_context_words_word14(raw)
    default: bpf_context_words_word15(raw)
    }
  }

  /// The word at `index`, a constant below 16, as a pointer: where the verifier knows its type, what it points to can be
  /// read directly.
  @inline(__always)
  public func pointer(_ index: Int) -> OpaquePointer? { OpaquePointer(bitPattern: UInt(word(index))) }
}
