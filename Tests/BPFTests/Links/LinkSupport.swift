// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import BPF

extension BPFCollection {
  /// A counter of the object's.
  func counter(_ name: String) throws -> UInt64 { try global(name) }

  /// By how much a counter rises while something is done. A probe that was detached may fire for a moment yet: until whoever
  /// lists links lets go of its link. Hence `eventually` around the test that it does not.
  func rise(of name: String, while body: () throws -> Void) throws -> UInt64 {
    let before = try counter(name)
    try body()
    return try counter(name) &- before
  }

  /// Whether a counter rises by just so much while something is done that a tracing program sees.
  ///
  /// Linux passes such a program over where it interrupted a bpf(2) call or a program on the same processor
  /// (`bpf_prog_active`): what is done is then done again. That it rises by more never passes.
  func rises(_ name: String, by expected: UInt64, while body: () throws -> Void) throws -> Bool {
    var rise: UInt64 = 0
    _ = try eventually {
      rise = try self.rise(of: name, while: body)
      return rise >= expected
    }
    return rise == expected
  }
}

/// Loads an object whose programs are to count what this thread does only, or this process where they cannot tell.
func loadForThisThread(_ name: String, only programs: [String] = []) throws -> BPFCollection {
  try load(name, only: programs) { collection in
    for (name, _) in collection.globals {
      switch name {
      case "only_process": try collection.setGlobal(name, to: UInt32(getpid()))
      case "only_thread": try collection.setGlobal(name, to: threadID())
      default: break
      }
    }
  }
}
