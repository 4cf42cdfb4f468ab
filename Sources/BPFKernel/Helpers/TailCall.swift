// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

extension ProgramArray {
  /// Goes on with another program of the array, and does not come back: what stands behind the call runs only if the slot
  /// is empty, or after 33 such calls in a row. The other program is of the same type.
  ///
  ///     programs.tailCall(1, context)
  ///     return .pass
  ///
  /// - Requires: Linux 4.2.
  @inline(__always)
  public mutating func tailCall(_ index: UInt32, _ context: some ProgramContext) {
    _ = bpf_tail_call(context.pointer, address, index)
  }
}
