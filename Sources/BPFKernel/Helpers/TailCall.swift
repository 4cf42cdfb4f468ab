// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

extension ProgramContext {
  /// Goes on with another program of a program array (`programs.address`), and does not come back: what stands behind the
  /// call runs only if the slot is empty, or after 33 such calls in a row. The other program is of the same type.
  ///
  ///     context.tailCall(1, of: programs.address)
  ///     return .pass
  ///
  /// - Requires: Linux 4.2.
  @inline(__always)
  public func tailCall(_ index: UInt32, of programs: UnsafeMutableRawPointer) {
    _ = bpf_tail_call(pointer, programs, index)
  }
}
