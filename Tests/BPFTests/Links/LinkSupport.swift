// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import BPF

extension Collection {
  /// A counter of the object's.
  func counter(_ name: String) throws -> UInt64 { try global(name) }

  /// By how much a counter rises while something is done. A probe that was detached may fire for a moment yet: until whoever
  /// lists links lets go of its link. Hence `eventually` around the test that it does not.
  func rise(of name: String, while body: () throws -> Void) throws -> UInt64 {
    let before = try counter(name)
    try body()
    return try counter(name) &- before
  }
}

/// Loads an object whose programs are to count what this thread does only, or this process where they cannot tell.
func loadForThisThread(_ name: String, _ programs: [String] = []) throws -> Collection {
  try load(name) { collection in
    for program in programs { try collection.setAutoload(true, of: program) }
    for (name, _) in collection.globals {
      switch name {
      case "only_process": try collection.setGlobal(name, to: UInt32(getpid()))
      case "only_thread": try collection.setGlobal(name, to: try threadID())
      default: break
      }
    }
  }
}

/// The calling thread, as the kernel numbers it.
private func threadID() throws -> UInt32 {
  // "PID/task/TID"
  let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
  return try #require(link.split(separator: "/").last.flatMap { UInt32($0) })
}
