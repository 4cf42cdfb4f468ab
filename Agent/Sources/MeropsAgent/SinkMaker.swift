// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import MeropsExpression
import MeropsModel
import MeropsSinks
import MeropsStore

/// Lines in a file, or on standard output.
final class LinesSink: EventSink {
  private let sink: StreamSink

  init(_ sink: StreamSink) { self.sink = sink }

  func append(_ batch: EventBatch) { sink.append(batch) }
  func close() { sink.close() }
  func reopen() { sink.reopen() }
  var status: AgentStatus.Sink { AgentStatus.Sink(sink.status) }
}

/// What goes to another machine comes out of the store, so that nothing is missed while that is down.
final class CollectorSink: EventSink {
  private let sink: NetworkSink
  private let cursor: StoreCursor
  private let store: EventStore

  init(_ sink: NetworkSink, _ cursor: StoreCursor, _ store: EventStore) {
    (self.sink, self.cursor, self.store) = (sink, cursor, store)
  }

  func append(_ batch: EventBatch) {}
  func close() { sink.close() }
  func reopen() {}
  var status: AgentStatus.Sink {
    var status = AgentStatus.Sink(sink.status)
    status.lost += cursor.missed
    // An id begins with the time at which its event was read.
    if let newest = store.newest, newest > cursor.position {
      status.behind = (newest.rawValue - cursor.position.rawValue) / EventID.perMicrosecond * 1000
    }
    return status
  }
}

extension AgentStatus.Sink {
  init(_ status: SinkStatus) {
    self.init(
      name: status.name, state: status.trouble.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 } ?? "ok",
      sent: status.delivered, queued: UInt64(status.waitingEvents),
      lost: status.dropped + status.rejected, rejected: status.rejected, failures: status.failures)
  }
}

/// A sink whose settings are right, and that has done nothing yet: no thread, no file, no place in the store.
struct PreparedSink {
  let name: String
  let start: () throws -> any EventSink
}

/// Makes sinks of their settings.
struct SinkMaker: Sendable {
  let store: EventStore?
  let host = HostFacts(version: Version.text)
  let report: @Sendable (String) -> Void

  /// Standard output as JSON lines.
  static func output(
    _ descriptor: CInt, where condition: (@Sendable (Event) -> Bool)?, closed: @escaping @Sendable () -> Void
  ) -> any EventSink {
    var options = StreamSinkOptions()
    options.queueBytes = 64 << 20
    options.condition = condition
    options.readerLeft = closed
    return LinesSink(StreamSink("output", to: DescriptorOutput(descriptor), options))
  }

  /// Finds whatever may be wrong with settings.
  func prepare(_ settings: SinkSettings) throws -> PreparedSink {
    let condition = try settings.condition.map { text -> @Sendable (Event) -> Bool in
      let expression = try EventExpression(text)
      return { expression.evaluate($0) == .yes }
    }
    if settings.kind == .file {
      var options = StreamSinkOptions()
      (options.condition, options.report) = (condition, report)
      return PreparedSink(name: settings.name) { [options] in
        let file = RotatedFile(settings.path ?? "", maximumBytes: Int(settings.size), kept: settings.keep)
        return LinesSink(StreamSink(settings.name, to: file, format: format(settings.format), options))
      }
    }
    guard let store else {
      throw AgentError("The sink \(settings.name) needs the store on disk (store.kind: disk), which it goes on from.")
    }
    guard StoreCursor.isValid(settings.name) else {
      throw AgentError("The sink's name \(settings.name) is too long: it may have 100 characters.")
    }
    var options = NetworkSinkOptions()
    (options.condition, options.report) = (condition, report)
    // It is used once, by the sink.
    nonisolated(unsafe) let delivery = try delivery(settings)
    return PreparedSink(name: settings.name) { [options] in
      let cursor = try store.cursor(settings.name)
      let source = MeropsSinks.EventSource(
        next: { try cursor.events(limit: $0) }, wait: { cursor.wait(seconds: $0) }, acknowledge: cursor.acknowledge)
      return CollectorSink(NetworkSink(settings.name, from: source, by: delivery, options), cursor, store)
    }
  }

  private func delivery(_ settings: SinkSettings) throws -> any Delivery {
    switch settings.kind {
    case .syslog: return SyslogDelivery(try place(settings), host: host, format: format(settings.format))
    case .otlp: return try http(settings, OTLPLogs(host: host).form)
    case .webhook: return try http(settings, .lines(format(settings.format)))
    case .clickhouse:
      var settings = settings
      settings.url = try ClickHouseRows.url(settings.url ?? "", table: settings.table)
      return try http(settings, .lines(ClickHouseRows(host: host)))
    case .file: throw AgentError("A file is not a collector.")
    }
  }

  private func http(_ settings: SinkSettings, _ form: sending HTTPDelivery.Form) throws -> sending HTTPDelivery {
    var headers: [String: String] = [:]
    if let path = settings.tokenFile {
      let token = OwnCost.file(path).prefix { $0 != "\n" }
      guard !token.isEmpty else { throw AgentError("The token's file \(path) of the sink \(settings.name) is empty.") }
      headers["Authorization"] = "Bearer \(token)"
    }
    return try HTTPDelivery(settings.url ?? "", headers: headers, form)
  }

  private func place(_ settings: SinkSettings) throws -> SyslogDelivery.Place {
    if let path = settings.path { return .unix(path) }
    guard let url = settings.url.flatMap({ URL(string: $0) }), let host = url.host(), let scheme = url.scheme,
      ["udp", "tcp"].contains(scheme)
    else {
      throw AgentError("The sink \(settings.name) needs a URL such as udp://HOST:514 or tcp://HOST:601.")
    }
    let port = UInt16(clamping: url.port ?? (scheme == "udp" ? 514 : 601))
    return scheme == "udp" ? .udp(host: host, port: port) : .tcp(host: host, port: port)
  }

  private func format(_ format: SinkSettings.Format) -> any MeropsSinks.EventFormat {
    switch format {
    case .json: JSONLineWriter()
    case .ocsf: OCSFLineWriter(host: host)
    case .ecs: ECSLineWriter(host: host)
    }
  }
}
