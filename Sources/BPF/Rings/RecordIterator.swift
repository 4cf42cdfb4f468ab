// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import SystemPackage

/// What an asynchronous sequence takes its records from.
protocol RecordSource<Element>: AnyObject, Sendable {
  associatedtype Element: Sendable

  /// For errors: "a ring buffer".
  var what: String { get }

  /// Readable when there are records.
  var fd: CInt { get }

  /// Whether there is something to take.
  var hasRecords: Bool { get }

  /// Takes one batch.
  func take() -> RecordBatch<Element>
}

extension RecordSource {
  /// Suspends until there are records, the interval is over, or the task is cancelled.
  fileprivate func wait(_ interval: Duration?) async throws(BPFError) {
    let outcome: Readiness.Outcome
    do throws(Errno) {
      outcome = try await Readiness.shared().wait(for: fd, timeout: interval) { hasRecords }
    } catch {
      outcome = .failed(error)
    }
    guard case .failed(let error) = outcome else { return }
    throw BPFError(
      "waiting for \(what)", errno: error,
      hint: error == .fileExists ? "iterate its records from one task at a time" : nil)
  }
}

/// Records that were taken together.
struct RecordBatch<Element> {
  var elements: [Element] = []
  /// What is still in the ring.
  var rest = Rest.nothing

  enum Rest {
    case nothing
    /// Records that can be taken at once, or in a moment.
    case soon
    /// Records that are to be left there for so long.
    case later(Duration)
  }
}

/// The records of ``RingRecords`` and ``PerfRecords``.
public struct RecordIterator<Element: Sendable>: AsyncIteratorProtocol {
  private let source: any RecordSource<Element>
  private let interval: Duration?
  private var batch: [Element] = []
  private var index = 0

  init(_ source: any RecordSource<Element>, interval: Duration?) {
    self.source = source
    self.interval = interval
  }

  /// The next record; nil when the task was cancelled.
  public mutating func next(isolation actor: isolated (any Actor)?) async throws(BPFError) -> Element? {
    while true {
      if Task.isCancelled { return nil }
      if index < batch.count {
        defer { index += 1 }
        return batch[index]
      }
      index = 0
      let taken = source.take()
      batch = taken.elements
      if !batch.isEmpty { continue }
      switch taken.rest {
      case .nothing: try await source.wait(interval)
      // A writer is in the middle of a record: it will be done soon, and the descriptor is readable already.
      case .soon: await Task.yield()
      case .later(let time): try? await Task.sleep(for: time)
      }
    }
  }

  public mutating func next() async throws(BPFError) -> Element? {
    try await next(isolation: nil)
  }
}
