// SPDX-License-Identifier: Apache-2.0
import CTestSupport
import Foundation
public import Testing

/// The descriptors of a thread, counted by what they are: `bpf-prog`, `bpf-map`, `bpf_link`, `[perf_event]`, `file`...
public struct OpenDescriptors: Equatable, Sendable, CustomStringConvertible {
  public var counts: [String: Int] = [:]

  /// Counts those of the calling thread.
  public static func current() -> OpenDescriptors {
    var result = OpenDescriptors()
    let folder = "/proc/thread-self/fd"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)") else {
        continue  // the folder's own descriptor
      }
      let kind =
        target.hasPrefix("anon_inode:")
        ? String(target.dropFirst("anon_inode:".count))
        : target.hasPrefix("/") ? "file" : String(target.prefix { $0 != ":" })
      result.counts[kind, default: 0] += 1
    }
    return result
  }

  public var description: String {
    counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
  }
}

/// Runs `body` and fails unless every descriptor that it opened is closed again; `openDescriptors` says how.
public func expectNoLeak(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: @escaping @Sendable () throws -> Void
) throws {
  let (before, after) = try openDescriptors(around: body)
  #expect(before == after, "descriptors before: \(before); after: \(after)", sourceLocation: sourceLocation)
}

/// Runs `body`, and gives the descriptors that are open before and after it.
///
/// It runs on a thread with a descriptor table of its own, so what other tests open meanwhile does not count. For the
/// same reason `body` can use no descriptor that is open already.
public func openDescriptors(
  around body: @escaping @Sendable () throws -> Void
) throws -> (before: OpenDescriptors, after: OpenDescriptors) {
  try onDedicatedThread {
    // In one step: copies, for however short a time, would keep alive what other threads close.
    guard close_range(3, .max, CInt(CTEST_CLOSE_RANGE_UNSHARE)) == 0 else { throw SystemFailure("close_range") }
    let before = OpenDescriptors.current()
    try body()
    return (before, OpenDescriptors.current())
  }
}
