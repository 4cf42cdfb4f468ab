// SPDX-License-Identifier: Apache-2.0

import Foundation
public import MeropsModel
import Synchronization

/// Where a network sink's events are from: a cursor in the store. What was not acknowledged comes again.
public struct EventSource: Sendable {
  /// Events behind the last that was acknowledged, the oldest first; nil if there are none.
  public var next: @Sendable (_ limit: Int) throws -> EventBatch?
  /// Waits for events, up to so many seconds.
  public var wait: @Sendable (_ seconds: Double) -> Bool
  public var acknowledge: @Sendable (EventID) -> Void

  public init(
    next: @escaping @Sendable (_ limit: Int) throws -> EventBatch?,
    wait: @escaping @Sendable (_ seconds: Double) -> Bool,
    acknowledge: @escaping @Sendable (EventID) -> Void
  ) {
    (self.next, self.wait, self.acknowledge) = (next, wait, acknowledge)
  }
}

/// How a network sink's events get there: one object for a sink, used by one thread.
public protocol Delivery: AnyObject {
  /// Delivers events and waits until the other side has them, or, where its protocol has no answer, until they are sent.
  ///
  /// - Returns: How many of them the other side refused for good.
  func deliver(_ batch: EventBatch) throws(DeliveryError) -> Int
  /// Ends what is under way; any thread.
  func cancel()
}

/// Why a delivery failed: it is tried again.
public struct DeliveryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A sentence.
  public let description: String

  public init(_ description: String) { self.description = description }
}

public struct NetworkSinkOptions: Sendable {
  /// Events of one delivery.
  public var batchEvents = 500
  /// Seconds between a failure and the next try: the first, and the most that doubling leads to.
  public var firstRetry = 0.5
  public var longestRetry = 30.0
  /// Which events it wants.
  public var condition: (@Sendable (Event) -> Bool)?
  /// Takes one sentence when the other side cannot be reached, and one when it can again.
  public var report: @Sendable (String) -> Void = { _ in }

  public init() {}
}

/// Delivers events to another machine at least once: it goes on where it was acknowledged, so that a collector that was
/// down misses nothing that the store still has. It holds one batch in memory; the queue is the store.
public final class NetworkSink: Sendable {
  private let shared: Shared

  private final class Shared: Sendable {
    let status: Mutex<SinkStatus>
    let isStopping = Mutex(false)
    let wake = DispatchSemaphore(value: 0)
    let ended = DispatchSemaphore(value: 0)

    init(_ name: String) { status = Mutex(SinkStatus(name: name)) }
  }

  private let cancelDelivery: @Sendable () -> Void

  /// Starts delivering.
  public init(
    _ name: String, from source: EventSource, by delivery: sending any Delivery,
    _ options: NetworkSinkOptions = NetworkSinkOptions()
  ) {
    let shared = Shared(name)
    self.shared = shared
    // It belongs to the thread, but for its cancel().
    nonisolated(unsafe) let delivery = delivery
    cancelDelivery = { delivery.cancel() }
    let thread = Thread { Self.run(source, delivery, options, shared) }
    thread.name = "merops.sink"
    thread.start()
  }

  public var status: SinkStatus { shared.status.withLock { $0 } }

  /// Ends, without waiting for the other side.
  public func close() {
    guard
      !shared.isStopping.withLock({ stopping in
        defer { stopping = true }
        return stopping
      })
    else { return }
    shared.wake.signal()
    cancelDelivery()
    shared.ended.wait()
  }

  deinit { close() }

  private static func run(
    _ source: EventSource, _ delivery: any Delivery, _ options: NetworkSinkOptions, _ shared: Shared
  ) {
    defer { shared.ended.signal() }
    var retry = options.firstRetry
    var failedSince: DispatchTime?
    func pause(_ reason: String) {
      let name = shared.status.withLock { status in
        status.failures += 1
        status.trouble = reason
        return status.name
      }
      if failedSince == nil {
        failedSince = .now()
        options.report(
          "The sink \(name) delivers nothing: \(reason) It tries again, and loses nothing that the store keeps.")
      }
      _ = shared.wake.wait(timeout: .now() + retry)
      retry = min(retry * 2, options.longestRetry)
    }
    while !shared.isStopping.withLock({ $0 }) {
      let batch: EventBatch
      do {
        guard let next = try source.next(options.batchEvents), !next.isEmpty else {
          // Short, since nobody wakes who waits for the store.
          _ = source.wait(0.2)
          continue
        }
        batch = next
      } catch {
        pause("The store does not give its events: \(error).")
        continue
      }
      guard let last = batch.last?.id else { continue }
      let wanted = chosen(batch, options.condition)
      var rejected = 0
      if !wanted.isEmpty {
        shared.status.withLock { $0.waitingEvents = wanted.count }
        do throws(DeliveryError) {
          rejected = try delivery.deliver(wanted)
        } catch {
          if !shared.isStopping.withLock({ $0 }) { pause(error.description) }
          continue
        }
      }
      source.acknowledge(last)
      retry = options.firstRetry
      let name = shared.status.withLock { status in
        status.delivered += UInt64(wanted.count - rejected)
        status.rejected += UInt64(rejected)
        status.waitingEvents = 0
        status.trouble = nil
        return status.name
      }
      if let since = failedSince {
        failedSince = nil
        let seconds = (DispatchTime.now().uptimeNanoseconds - since.uptimeNanoseconds) / 1_000_000_000
        options.report("The sink \(name) delivers again, after \(seconds) seconds.")
      }
    }
  }

  private static func chosen(_ batch: EventBatch, _ condition: (@Sendable (Event) -> Bool)?) -> EventBatch {
    guard let condition else { return batch }
    var builder = EventBatchBuilder()
    for event in batch where condition(event) { builder.append(event) }
    return builder.finish()
  }
}
