// SPDX-License-Identifier: Apache-2.0
public import Testing

import struct BPF.BPFError

/// A claim about the kernel that is checked on both sides of it: the test passes from some kernel on, and on an older one it
/// fails, with the error that we promise.
public struct KernelBoundary: TestTrait, SuiteTrait, TestScoping {
  let minimum: KernelVersion
  let isRefusal: @Sendable (any Error) -> Bool

  public var isRecursive: Bool { true }

  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    guard testCase != nil, KernelVersion.running < minimum else { return try await function() }
    // A test that passes here records "known issue was not recorded", and any other issue than that error is a failure.
    try await withKnownIssue("Linux \(minimum) and later only") {
      try await function()
    } matching: { issue in
      issue.error.map(isRefusal) ?? false
    }
  }
}

/// Whether an error is `.unsupported`, and names a kernel newer than the running one, up to `minimum`, as the first that can.
private func refusal(_ minimum: KernelVersion) -> @Sendable (any Error) -> Bool {
  { error in
    guard let error = error as? BPFError, error.code == .unsupported,
      let needed = error.requiredKernel.map({ KernelVersion(stringLiteral: "\($0)") })
    else { return false }
    return needed > .running && needed <= minimum
  }
}

extension Trait where Self == KernelBoundary {
  /// Runs the test on every kernel. On one older than `minimum` it has to fail, with an error that names the kernel that is
  /// needed.
  public static func works(from minimum: KernelVersion) -> Self {
    KernelBoundary(minimum: minimum, isRefusal: refusal(minimum))
  }
}

/// Runs `body`; on a kernel older than `minimum` it must throw, and the result is nil.
///
/// - Parameters:
///   - isRefusal: what the error is in layers that know nothing of kernels' versions; by default `.unsupported`, with the kernel
///     that is needed.
/// - Returns: What `body` returns, or nil on an older kernel.
public func supported<T>(
  from minimum: KernelVersion, _ what: String,
  orThrows isRefusal: ((any Error) -> Bool)? = nil,
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> T
) throws -> T? {
  guard KernelVersion.running < minimum else { return try body() }
  let isRefusal = isRefusal ?? refusal(minimum)
  do {
    _ = try body()
    Issue.record(
      "\(what) works on \(KernelVersion.runningRelease), but we say that it needs Linux \(minimum)",
      sourceLocation: sourceLocation)
  } catch  where isRefusal(error) {
    return nil
  } catch {
    Issue.record(
      "\(what) fails on \(KernelVersion.runningRelease) with another error than the promised one: \(error)",
      sourceLocation: sourceLocation)
  }
  return nil
}
