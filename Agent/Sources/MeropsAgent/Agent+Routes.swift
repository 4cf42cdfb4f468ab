// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Logging
import MeropsControl
import MeropsExpression
import MeropsModel
import MeropsServer
import MeropsSinks
import Synchronization

extension Agent {
  /// What the interface answers with.
  var routes: ControlRoutes {
    ControlRoutes(
      status: { [self] in status },
      events: { [self] request throws(ControlError) in try events(request) },
      stream: { [self] request throws(ControlError) in try stream(request) },
      event: { [self] id, format throws(ControlError) in try event(id, format) },
      processes: { [self] request throws(ControlError) in try processes(request) },
      top: { [self] request, subject, order throws(ControlError) in try top(request, subject, order) },
      metrics: { [self] in metrics }, policies: policyRoutes, firewall: options.firewall?.routes,
      firewallAlarm: options.firewallAlarm)
  }

  private var policyRoutes: PolicyRoutes? {
    guard let policies else { return nil }
    return PolicyRoutes(
      report: { () throws(ControlError) in
        do { return try policies.report() } catch { throw ControlError(status: 500, message: "\(error)") }
      },
      history: { () throws(ControlError) in
        do { return try policies.history() } catch { throw ControlError(status: 500, message: "\(error)") }
      },
      version: { number throws(ControlError) in try policies.version(number) },
      apply: { application, author throws(ControlError) in try policies.apply(application, author: author) },
      promote: { file, author throws(ControlError) in try policies.promote(file, author: author) },
      confirm: { author throws(ControlError) in try policies.confirm(author: author) },
      delete: { file, author throws(ControlError) in try policies.delete(file, author: author) },
      rollBack: { version, author throws(ControlError) in try policies.rollBack(to: version, author: author) },
      verify: { question throws(ControlError) in try policies.verify(question) })
  }

  private func events(_ request: EventRequest) throws(ControlError) -> ByteStream {
    let query = try Self.query(request)
    let encoder = Encoder(request.format)
    // A query waits for whoever reads it, not for the disk: at most so many bytes are ahead.
    let box = Mailbox<[UInt8]>(limit: 1 << 20) { $0.count }
    Thread.detachNewThread { [archive, log] in
      do {
        try archive.events(query) { batch in
          // Pieces that are small enough for the queue's bound to mean something.
          box.put(encoder.bytes(batch))
        }
      } catch {
        log.error("a query failed: \(error)")
      }
      box.finish()
    }
    return ByteStream(next: { await box.next() }, cancel: { box.cancel() })
  }

  private func stream(_ request: EventRequest) throws(ControlError) -> ByteStream {
    let query = try Self.query(request)
    let isFiltered = query.condition != nil || query.pid != nil || !query.kinds.isEmpty
    let encoder = Encoder(request.format)
    guard subscribers.count < 64 else {
      throw ControlError(status: 503, message: "64 others get events already: that is as many as the agent serves.")
    }
    let (box, leave) = subscribers.add()
    let lost = LastNumber()
    return ByteStream(
      next: {
        guard let batch = await box.next() else { return nil }
        var bytes: [UInt8] = []
        if let count = lost.change(to: box.lost) { bytes += encoder.lost(count) }
        if batch.isEmpty { return bytes + encoder.alive }
        let wanted = isFiltered ? Self.filter(batch, query) : batch
        return bytes + encoder.bytes(wanted)
      }, cancel: leave)
  }

  private static func filter(_ batch: EventBatch, _ query: ArchiveQuery) -> EventBatch {
    var builder = EventBatchBuilder()
    for event in batch where query.includes(event) {
      builder.append(event.kind, id: event.id, time: event.time, by: event.process, event.facts)
    }
    return builder.finish()
  }

  private func event(_ id: EventID, _ format: ReplyFormat) throws(ControlError) -> [UInt8]? {
    do {
      guard let event = try archive.event(id) else { return nil }
      var builder = EventBatchBuilder()
      builder.append(event.kind, id: event.id, time: event.time, by: event.process, event.facts)
      return Encoder(format, everyDetail: true).bytes(builder.finish())
    } catch {
      throw ControlError(status: 500, message: "The store cannot be read: \(error)")
    }
  }

  /// Processes as the events that created them: who lives now, by pid.
  private func processes(_ request: EventRequest) throws(ControlError) -> [UInt8] {
    let query = try Self.query(request)
    let pids =
      request.pid.map { [$0] }
      ?? ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { UInt32($0) }.sorted()
    // Times since boot, as the keys have them, and times since 1970 differ by this.
    var boot = timespec()
    clock_gettime(CLOCK_BOOTTIME, &boot)
    let offset = wallClock() &- UInt64(boot.tv_sec) * 1_000_000_000 &- UInt64(boot.tv_nsec)
    var builder = EventBatchBuilder()
    for pid in pids where builder.count < request.limit {
      guard let process = source.process(pid) else { continue }
      let time = offset &+ process.key.start
      var one = EventBatchBuilder()
      one.append(.processFork, id: EventID.first(at: time), time: time, by: process)
      guard let event = one.finish().first, query.includes(event) else { continue }
      builder.append(event.kind, id: event.id, time: event.time, by: process)
    }
    return Encoder(request.format).bytes(builder.finish())
  }

  private func top(
    _ request: EventRequest, _ subject: Tally.Subject, _ order: Tally.Order
  ) throws(ControlError) -> TopReply {
    var request = request
    let now = wallClock()
    let since = request.since ?? now - min(now, 60_000_000_000)
    request.since = since
    let rows = request.limit == EventRequest.defaultLimit ? 50 : request.limit
    request.limit = EventRequest.maximumLimit
    var tally = Tally(by: subject)
    do {
      try archive.events(try Self.query(request)) { batch in
        tally.count(batch)
        return true
      }
    } catch let error as ControlError {
      throw error
    } catch {
      throw ControlError(status: 500, message: "The store cannot be read: \(error)")
    }
    return TopReply(by: subject, since: since, rows: tally.top(rows, by: order), others: tally.others)
  }

  private static func query(_ request: EventRequest) throws(ControlError) -> ArchiveQuery {
    var query = ArchiveQuery()
    (query.since, query.until, query.pid) = (request.since, request.until, request.pid)
    (query.limit, query.newestFirst) = (request.limit, request.newestFirst)
    query.kinds = Set(request.kinds)
    if let text = request.condition {
      do {
        let expression = try EventExpression(text, for: request.kinds)
        query.condition = { expression.evaluate($0) == .yes }
        query.necessaryValues = expression.necessaryValues
      } catch {
        throw .badRequest(error.described(in: text, file: "where"))
      }
    }
    return query
  }
}

/// The newest value of a number that grows.
private final class LastNumber: Sendable {
  private let value = Mutex<UInt64>(0)

  /// - Returns: the number if it is another one than before.
  func change(to number: UInt64) -> UInt64? {
    value.withLock { value in
      guard number != value else { return nil }
      value = number
      return number
    }
  }
}

/// Writes events in a format.
struct Encoder: Sendable {
  private let format: ReplyFormat

  /// Whether details of the process stand in every JSON line.
  private let everyDetail: Bool

  init(_ format: ReplyFormat, everyDetail: Bool = false) {
    (self.format, self.everyDetail) = (format, everyDetail)
  }

  func bytes(_ batch: EventBatch) -> [UInt8] {
    if batch.isEmpty { return [] }
    guard var writer else { return EventFrames.bytes(batch) }
    var buffer: [UInt8] = []
    buffer.reserveCapacity(batch.count * 512)
    for event in batch { writer.append(event, to: &buffer) }
    return buffer
  }

  private var writer: (any MeropsSinks.EventFormat)? {
    switch format {
    case .json: JSONLineWriter(everyDetail: everyDetail)
    case .ocsf: OCSFLineWriter(host: HostFacts(version: Version.text))
    case .ecs: ECSLineWriter(host: HostFacts(version: Version.text))
    case .packed: nil
    }
  }

  var alive: [UInt8] { format == .packed ? EventFrames.alive : [0x0a] }

  func lost(_ count: UInt64) -> [UInt8] {
    format == .packed
      ? EventFrames.lost(count) : Array("{\"event\":\"subscriber.loss\",\"event.count\":\(count)}\n".utf8)
  }
}
