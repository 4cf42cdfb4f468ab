// SPDX-License-Identifier: Apache-2.0
public import Testing

/// A claim about the kernel that is checked on both sides of it: the test passes where the thing is supported, and
/// must fail where we say that it is not.
public struct KernelBoundary: TestTrait, SuiteTrait, TestScoping {
  let isSupported: Bool
  let claim: Comment

  public var isRecursive: Bool { true }

  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    guard testCase != nil, !isSupported else { return try await function() }
    // A test that passes here records "known issue was not recorded", which is a failure.
    await withKnownIssue(claim) { try await function() }
  }
}

extension Trait where Self == KernelBoundary {
  /// Runs the test on every kernel; on one older than `minimum` it must fail.
  public static func works(from minimum: KernelVersion) -> Self {
    KernelBoundary(
      isSupported: KernelVersion.running >= minimum, claim: "Linux \(minimum) and later only")
  }

  /// Runs the test everywhere; where the machine cannot do it by our account, it must fail.
  public static func works(where requirement: Requirement) -> Self {
    KernelBoundary(isSupported: requirement.isMet(), claim: Comment(rawValue: requirement.reason))
  }
}

/// Runs `body`; on a kernel older than `minimum` it must throw, and the result is nil.
///
/// - Returns: What `body` returns, or nil on an older kernel.
public func supported<T>(
  from minimum: KernelVersion, _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> T
) throws -> T? {
  guard KernelVersion.running < minimum else { return try body() }
  do {
    _ = try body()
    Issue.record(
      "\(what) works on \(KernelVersion.runningRelease), but we say that it needs Linux \(minimum)",
      sourceLocation: sourceLocation)
  } catch {}
  return nil
}
