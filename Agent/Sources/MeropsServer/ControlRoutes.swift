// SPDX-License-Identifier: Apache-2.0

public import MeropsControl
public import MeropsModel

/// What the server asks for its answers. It knows no store and no sensor.
public struct ControlRoutes: Sendable {
  public var status: @Sendable () -> AgentStatus
  /// Stored events, oldest first unless the request says otherwise.
  public var events: @Sendable (EventRequest) throws(ControlError) -> ByteStream
  /// Events from now on.
  public var stream: @Sendable (EventRequest) throws(ControlError) -> ByteStream
  /// One event in a format; nil where it is not known.
  public var event: @Sendable (EventID, ReplyFormat) throws(ControlError) -> [UInt8]?
  /// Processes that live now.
  public var processes: @Sendable (EventRequest) throws(ControlError) -> [UInt8]
  public var top: @Sendable (EventRequest, Tally.Subject, Tally.Order) throws(ControlError) -> TopReply
  /// In the text format of Prometheus.
  public var metrics: @Sendable () -> String

  public init(
    status: @escaping @Sendable () -> AgentStatus,
    events: @escaping @Sendable (EventRequest) throws(ControlError) -> ByteStream,
    stream: @escaping @Sendable (EventRequest) throws(ControlError) -> ByteStream,
    event: @escaping @Sendable (EventID, ReplyFormat) throws(ControlError) -> [UInt8]?,
    processes: @escaping @Sendable (EventRequest) throws(ControlError) -> [UInt8],
    top: @escaping @Sendable (EventRequest, Tally.Subject, Tally.Order) throws(ControlError) -> TopReply,
    metrics: @escaping @Sendable () -> String
  ) {
    (self.status, self.events, self.stream, self.event) = (status, events, stream, event)
    (self.processes, self.top, self.metrics) = (processes, top, metrics)
  }
}

/// The body of a reply, made while it is sent.
public struct ByteStream: Sendable {
  /// The next bytes; nil at the end.
  public let next: @Sendable () async -> [UInt8]?
  /// Called once, when nobody asks for more.
  public let cancel: @Sendable () -> Void

  public init(next: @escaping @Sendable () async -> [UInt8]?, cancel: @escaping @Sendable () -> Void) {
    (self.next, self.cancel) = (next, cancel)
  }
}
