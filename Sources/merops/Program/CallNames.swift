// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFSystem

/// The kernel functions that a program in the kernel calls, by name.
///
/// In translated code a helper's call holds the distance of its address from `__bpf_call_base`.
struct CallNames {
  private var names: [Int64: String] = [:]

  /// Empty where the caller may not see kernel addresses (kernel.kptr_restrict).
  init(_ instructions: [Instruction]) {
    let calls = Set(instructions.filter(\.isHelperCall).map { Int64($0.immediate) })
    guard !calls.isEmpty else { return }
    names = (try? KernelSymbols.names(at: calls, from: "__bpf_call_base")) ?? [:]
  }

  subscript(distance: Int32) -> String? { names[Int64(distance)] }
}
