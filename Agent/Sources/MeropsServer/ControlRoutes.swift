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
  /// nil where the agent enforces nothing.
  public var policies: PolicyRoutes?
  /// nil where the agent has no firewall.
  public var firewall: FirewallRoutes?
  /// Why it has none although it should; nil where none was asked for.
  public var firewallAlarm: String?

  public init(
    status: @escaping @Sendable () -> AgentStatus,
    events: @escaping @Sendable (EventRequest) throws(ControlError) -> ByteStream,
    stream: @escaping @Sendable (EventRequest) throws(ControlError) -> ByteStream,
    event: @escaping @Sendable (EventID, ReplyFormat) throws(ControlError) -> [UInt8]?,
    processes: @escaping @Sendable (EventRequest) throws(ControlError) -> [UInt8],
    top: @escaping @Sendable (EventRequest, Tally.Subject, Tally.Order) throws(ControlError) -> TopReply,
    metrics: @escaping @Sendable () -> String, policies: PolicyRoutes? = nil,
    firewall: FirewallRoutes? = nil, firewallAlarm: String? = nil
  ) {
    (self.status, self.events, self.stream, self.event) = (status, events, stream, event)
    (self.processes, self.top, self.metrics) = (processes, top, metrics)
    (self.policies, self.firewall, self.firewallAlarm) = (policies, firewall, firewallAlarm)
  }
}

/// What is asked about policies, and how they are changed. An author is who asks: `uid 0, pid 4711, login alice`.
public struct PolicyRoutes: Sendable {
  public var report: @Sendable () throws(ControlError) -> PolicyReport
  public var history: @Sendable () throws(ControlError) -> [PolicyChange]
  public var version: @Sendable (UInt64) throws(ControlError) -> PolicyVersion
  /// Puts a file in place of the one of the same name.
  public var apply: @Sendable (PolicyApplication, _ author: String) throws(ControlError) -> PolicyChange
  /// Enforces on all processes a file that only tells, or is tried on some.
  public var promote: @Sendable (_ file: String, _ author: String) throws(ControlError) -> PolicyChange
  /// Keeps what else rolls itself back.
  public var confirm: @Sendable (_ author: String) throws(ControlError) -> PolicyChange
  public var delete: @Sendable (_ file: String, _ author: String) throws(ControlError) -> PolicyChange
  /// To a version; to the one before without a number.
  public var rollBack: @Sendable (_ version: UInt64?, _ author: String) throws(ControlError) -> PolicyChange
  /// Asks the verifier; nothing changes.
  public var verify: @Sendable (PolicyQuestion) throws(ControlError) -> PolicyVerification

  public init(
    report: @escaping @Sendable () throws(ControlError) -> PolicyReport,
    history: @escaping @Sendable () throws(ControlError) -> [PolicyChange],
    version: @escaping @Sendable (UInt64) throws(ControlError) -> PolicyVersion,
    apply: @escaping @Sendable (PolicyApplication, _ author: String) throws(ControlError) -> PolicyChange,
    promote: @escaping @Sendable (_ file: String, _ author: String) throws(ControlError) -> PolicyChange,
    confirm: @escaping @Sendable (_ author: String) throws(ControlError) -> PolicyChange,
    delete: @escaping @Sendable (_ file: String, _ author: String) throws(ControlError) -> PolicyChange,
    rollBack: @escaping @Sendable (_ version: UInt64?, _ author: String) throws(ControlError) -> PolicyChange,
    verify: @escaping @Sendable (PolicyQuestion) throws(ControlError) -> PolicyVerification
  ) {
    (self.report, self.history) = (report, history)
    (self.version, self.apply, self.promote, self.confirm) = (version, apply, promote, confirm)
    (self.delete, self.rollBack, self.verify) = (delete, rollBack, verify)
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
