// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A ring buffer's records as an asynchronous sequence, which ends when its task is cancelled.
///
/// Nothing is read ahead of the consumer but one batch: when it is slow the ring fills, and the program sees that its
/// reserve fails. One consumer at a time; what one has taken in a batch and not used is lost to the next.
public struct RingRecords<Element: Sendable>: AsyncSequence, Sendable {
  public typealias Failure = BPFError

  private let source: Source
  private let interval: Duration?

  init(
    _ ring: consuming RingBuffer, batchLimit: Int, interval: Duration?,
    transform: @escaping @Sendable (UnsafeRawBufferPointer) -> Element?
  ) {
    source = Source(ring, batchLimit: Swift.max(batchLimit, 1), transform: transform)
    self.interval = interval
  }

  public func makeAsyncIterator() -> RecordIterator<Element> { RecordIterator(source, interval: interval) }

  private final class Source: RecordSource {
    private let ring: Mutex<RingBuffer>
    private let batchLimit: Int
    private let transform: @Sendable (UnsafeRawBufferPointer) -> Element?
    let fd: CInt

    init(
      _ ring: consuming RingBuffer, batchLimit: Int,
      transform: @escaping @Sendable (UnsafeRawBufferPointer) -> Element?
    ) {
      fd = ring.fileDescriptor
      self.ring = Mutex(ring)
      self.batchLimit = batchLimit
      self.transform = transform
    }

    var what: String { "a ring buffer" }

    var hasRecords: Bool { ring.withLock { $0.available > 0 } }

    func take() -> RecordBatch<Element> {
      ring.withLock { ring in
        var batch = RecordBatch<Element>()
        ring.consume(limit: batchLimit) { bytes in
          if let element = transform(bytes) { batch.elements.append(element) }
        }
        if ring.available > 0 { batch.rest = .soon }
        return batch
      }
    }
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
