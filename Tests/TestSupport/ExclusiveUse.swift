// SPDX-License-Identifier: Apache-2.0
import Glibc
public import Testing

/// Lets one test at a time run, of all processes of the machine: what they use the kernel has only once.
public struct ExclusiveUse: TestTrait, SuiteTrait, TestScoping {
  let path: String

  public var isRecursive: Bool { true }

  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    guard testCase != nil else { return try await function() }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw SystemFailure("open(\(path))") }
    defer { close(file) }
    // Whoever has the lock may need the thread to go on.
    while flock(file, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK else { throw SystemFailure("flock(\(path))") }
      try await Task.sleep(for: .milliseconds(20))
    }
    try await function()
  }
}

extension Trait where Self == ExclusiveUse {
  /// The names of congestion controls.
  public static var congestionControls: Self {
    ExclusiveUse(path: "/proc/sys/net/ipv4/tcp_available_congestion_control")
  }
}
