// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
public import MeropsControl
public import MeropsModel
import MeropsSinks
import Synchronization

/// Events as JSON lines on a descriptor: what `merops run` writes into a pipe.
public final class LinesOutput: EventSink {
  private let box = Mailbox<EventBatch>(limit: 262_144) { $0.count }
  private let descriptor: CInt
  private let sent = Atomic<UInt64>(0)
  private let error = Atomic<CInt>(0)
  private let ended = DispatchSemaphore(value: 0)
  private let condition: (@Sendable (Event) -> Bool)?

  /// - Parameters:
  ///   - condition: which events are written; nil for all.
  ///   - closed: called once if nobody reads any more.
  public init(
    _ descriptor: CInt, where condition: (@Sendable (Event) -> Bool)? = nil, closed: @escaping @Sendable () -> Void
  ) {
    self.descriptor = descriptor
    self.condition = condition
    let thread = Thread { [self] in
      write(closed)
      ended.signal()
    }
    thread.name = "merops-output"
    thread.start()
  }

  public func append(_ batch: EventBatch) { box.offer(batch) }

  public func close() {
    box.finish()
    ended.wait()
  }

  public var status: AgentStatus.Sink {
    let number = error.load(ordering: .relaxed)
    return AgentStatus.Sink(
      name: "output", state: number == 0 ? "ok" : String(cString: strerror(number)),
      sent: sent.load(ordering: .relaxed),
      queued: UInt64(box.waiting), lost: box.lost)
  }

  private func write(_ closed: () -> Void) {
    var writer = JSONLineWriter()
    var buffer: [UInt8] = []
    var count: UInt64 = 0
    while true {
      // What waits is written together; when nothing waits, what there is.
      let (batch, isEnd) = box.take(timeout: buffer.isEmpty ? nil : 0)
      if let batch {
        for event in batch where condition?(event) ?? true {
          writer.append(event, to: &buffer)
          count += 1
        }
      }
      if !buffer.isEmpty, batch == nil || buffer.count > 256 << 10 {
        guard flush(&buffer) else {
          box.cancel()
          return closed()
        }
        sent.add(count, ordering: .relaxed)
        count = 0
      }
      if isEnd { return }
    }
  }

  private func flush(_ buffer: inout [UInt8]) -> Bool {
    var offset = 0
    while offset < buffer.count {
      let written = buffer.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + offset, $0.count - offset) }
      if written < 0 {
        if errno == EINTR { continue }
        error.store(errno, ordering: .relaxed)
        return false
      }
      offset += written
    }
    buffer.removeAll(keepingCapacity: true)
    return true
  }
}
