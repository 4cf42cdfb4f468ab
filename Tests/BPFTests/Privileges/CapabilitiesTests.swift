// SPDX-License-Identifier: Apache-2.0

import BPF
import Foundation
import TestSupport
import Testing

@Suite(.requires(.root)) struct CapabilitiesTests {
  /// What a thread gives up is gone for it and for threads that it starts, the kernel agrees, and a map stays readable.
  @Test func whatIsGivenUpIsGone() async throws {
    let map = try Map<UInt32, UInt32>(creating: .hash, maxEntries: 2)
    try map.set(7, for: 1)
    try await onOwnThread {
      var now = try Capabilities.ofThread()
      #expect(now.effective.contains([.bpf, .ptrace]))
      now.permitted.formIntersection([.ptrace, .bpf])
      now.effective = now.permitted
      try now.apply()
      try Capabilities.forbidNewPrivileges()
      #expect(try Capabilities.ofThread() == now)
      let status = try String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
      #expect(status.contains("CapEff:\t0000008000080000\n") && status.contains("NoNewPrivs:\t1\n"), "\(status)")
      #expect(try map.get(1) == 7)
      var more = now
      more.permitted.insert(.systemAdmin)
      let error = #expect(throws: BPFError.self) { try more.apply() }
      #expect(error?.code == .permission)
    }
    #expect(try Capabilities.ofThread().permitted.contains(.systemAdmin))
  }

  private func onOwnThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
  }
}
