// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import Synchronization
import SystemPackage

/// A ring buffer's records as an asynchronous sequence, which ends when its task is cancelled.
///
/// Nothing is read ahead of the consumer but one batch: when it is slow the ring fills, and the program sees that its
/// reserve fails. One consumer at a time; what one has taken in a batch and not used is lost to the next.
public struct RingRecords<Element: Sendable>: AsyncSequence, Sendable {
  public typealias Failure = BPFError

  private final class Source: Sendable {
    let ring: Mutex<RingBuffer>
    let fd: CInt
    init(_ ring: consuming RingBuffer) {
      fd = ring.fileDescriptor
      self.ring = Mutex(ring)
    }
  }

  private let source: Source
  private let batchLimit: Int
  private let interval: Duration?
  private let transform: @Sendable (UnsafeRawBufferPointer) -> Element?

  init(
    _ ring: consuming RingBuffer, batchLimit: Int, interval: Duration?,
    transform: @escaping @Sendable (UnsafeRawBufferPointer) -> Element?
  ) {
    source = Source(ring)
    self.batchLimit = Swift.max(batchLimit, 1)
    self.interval = interval
    self.transform = transform
  }

  public func makeAsyncIterator() -> Iterator { Iterator(sequence: self) }

  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let sequence: RingRecords
    private var batch: [Element] = []
    private var index = 0

    fileprivate init(sequence: RingRecords) { self.sequence = sequence }

    /// The next record; nil when the task was cancelled.
    public mutating func next(isolation actor: isolated (any Actor)?) async throws(BPFError) -> Element? {
      while true {
        if Task.isCancelled { return nil }
        if index < batch.count {
          defer { index += 1 }
          return batch[index]
        }
        index = 0
        let (records, isBusy) = sequence.take()
        batch = records
        if !batch.isEmpty { continue }
        if isBusy {
          // A writer is in the middle of a record: it will be done soon, and the descriptor is readable already.
          await Task.yield()
        } else {
          try await sequence.wait()
        }
      }
    }

    public mutating func next() async throws(BPFError) -> Element? {
      try await next(isolation: nil)
    }
  }

  private func take() -> ([Element], isBusy: Bool) {
    source.ring.withLock { ring in
      var batch: [Element] = []
      ring.consume(limit: batchLimit) { bytes in
        if let element = transform(bytes) { batch.append(element) }
      }
      return (batch, ring.available > 0)
    }
  }

  private func wait() async throws(BPFError) {
    let outcome: Readiness.Outcome
    do throws(Errno) {
      outcome = try await Readiness.shared().wait(for: source.fd, timeout: interval)
    } catch {
      outcome = .failed(error)
    }
    guard case .failed(let error) = outcome else { return }
    throw BPFError(
      "waiting for a ring buffer", errno: error,
      hint: error == .fileExists ? "iterate a ring's records from one task at a time" : nil)
  }
}

extension RingBuffer {
  /// The records as an asynchronous sequence, each decoded while it lies in the ring.
  ///
  /// - Parameters:
  ///   - batchLimit: how many records are taken from the ring at a time.
  ///   - interval: how long at most a record may lie unseen that was written without waking the reader
  ///     (`BPF_RB_NO_WAKEUP`); nil when every program wakes it.
  ///   - transform: makes an element of a record's bytes, which are valid until it returns; nil drops the record.
  public consuming func records<Element: Sendable>(
    batchLimit: Int = 256, interval: Duration? = nil,
    _ transform: @escaping @Sendable (UnsafeRawBufferPointer) -> Element?
  ) -> RingRecords<Element> {
    RingRecords(self, batchLimit: batchLimit, interval: interval, transform: transform)
  }

  /// The records as an asynchronous sequence of copies.
  public consuming func records(batchLimit: Int = 256, interval: Duration? = nil) -> RingRecords<[UInt8]> {
    records(batchLimit: batchLimit, interval: interval) { Array($0) }
  }
}
