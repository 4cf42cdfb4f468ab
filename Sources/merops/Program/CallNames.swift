// SPDX-License-Identifier: Apache-2.0

import BPF

/// The kernel functions that a program in the kernel calls, by name.
///
/// In translated code a helper's call holds the distance of its address from `__bpf_call_base`.
struct CallNames {
  private var names: [Int32: String] = [:]

  /// Empty where the caller may not see kernel addresses (kernel.kptr_restrict).
  init(_ instructions: [Instruction]) {
    let calls = Set(instructions.filter(\.isHelperCall).map(\.immediate))
    guard !calls.isEmpty, let found = try? KernelSymbols.find(["__bpf_call_base"]),
      let base = found["__bpf_call_base"]?.first?.address, base != 0
    else { return }
    let distances = Dictionary(
      calls.map { (base &+ UInt64(bitPattern: Int64($0)), $0) }, uniquingKeysWith: { a, _ in a })
    for symbol in (try? KernelSymbols.all(where: { distances[$0.address] != nil })) ?? [] {
      if let distance = distances[symbol.address] { names[distance] = symbol.name }
    }
  }

  subscript(distance: Int32) -> String? { names[distance] }
}
