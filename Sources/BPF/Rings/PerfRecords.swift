// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A perf buffer's records as an asynchronous sequence, which ends when its task is cancelled.
///
/// Nothing is read ahead of the consumer but one batch: when it is slow the rings fill, and ``lost`` rises. One consumer
/// at a time; what one has taken in a batch and not used is lost to the next.
public struct PerfRecords<Element: Sendable>: AsyncSequence, Sendable {
  public typealias Failure = BPFError

  private let source: Source
  private let interval: Duration?

  init(
    _ buffer: consuming PerfBuffer, batchLimit: Int, interval: Duration?,
    transform: @escaping @Sendable (PerfRecord) -> Element?
  ) {
    source = Source(buffer, batchLimit: Swift.max(batchLimit, 1), transform: transform)
    self.interval = interval
  }

  public func makeAsyncIterator() -> RecordIterator<Element> { RecordIterator(source, interval: interval) }

  /// How many records the kernel could not write because a ring was full, as far as has been read.
  public var lost: UInt64 { source.lost }

  private final class Source: RecordSource {
    private let buffer: Mutex<PerfBuffer>
    private let batchLimit: Int
    private let holdBack: Duration
    private let transform: @Sendable (PerfRecord) -> Element?
    let fd: CInt

    init(
      _ buffer: consuming PerfBuffer, batchLimit: Int, transform: @escaping @Sendable (PerfRecord) -> Element?
    ) {
      fd = buffer.fileDescriptor
      if case .byTime(let time) = buffer.order { holdBack = time } else { holdBack = .zero }
      self.buffer = Mutex(buffer)
      self.batchLimit = batchLimit
      self.transform = transform
    }

    var what: String { "a perf buffer" }

    var lost: UInt64 { buffer.withLock { $0.lost } }

    var hasRecords: Bool { buffer.withLock { $0.isReadable } }

    func take() -> RecordBatch<Element> {
      buffer.withLock { buffer in
        var batch = RecordBatch<Element>()
        buffer.consume(limit: batchLimit) { record in
          if let element = transform(record) { batch.elements.append(element) }
        }
        if buffer.isReadable { batch.rest = holdBack > .zero ? .later(holdBack) : .soon }
        return batch
      }
    }
  }
}

extension PerfBuffer {
  /// The records as an asynchronous sequence, each decoded before its space is given back.
  ///
  /// - Parameters:
  ///   - batchLimit: how many records are taken at a time.
  ///   - interval: how long at most records may lie unseen that were not enough to wake the reader (see `wakeup` of
  ///     ``init(map:maxEntries:pages:wakeup:order:)``); nil when every record wakes it.
  ///   - transform: makes an element of a record, whose bytes are valid until it returns; nil drops the record.
  public consuming func records<Element: Sendable>(
    batchLimit: Int = 256, interval: Duration? = nil, _ transform: @escaping @Sendable (PerfRecord) -> Element?
  ) -> PerfRecords<Element> {
    PerfRecords(self, batchLimit: batchLimit, interval: interval, transform: transform)
  }
}
