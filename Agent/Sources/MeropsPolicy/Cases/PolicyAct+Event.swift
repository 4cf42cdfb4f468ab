// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
public import MeropsModel

// Acts out of events: what rules would have said of them.
extension PolicyAct {
  /// What was done, as far as the event tells; nil for one that no rule can be about.
  ///
  /// A decision that was carried out is the act that did not happen. One that was told alone is none: the act has an event of
  /// its own.
  ///
  /// - Parameter withTold: what was told is an act, too.
  public init?(_ event: Event, withTold: Bool = false) {
    guard let kind = Self.kind(of: event, withTold: withTold) else { return nil }
    self.init(kind)
    if let fields = hooks.first?.fields {
      guard case .address(let address)? = event[fields.address], case .uint(let port)? = event[fields.port] else {
        return nil
      }
      (self.address, self.port) = (address, UInt16(truncatingIfNeeded: port))
      transport = event[.networkTransport] == .text("udp") ? 17 : 6
    }
    if case .text(let path)? = event[.processExecutable], !path.isCut {
      executable = String(decoding: path.bytes, as: UTF8.self)
    }
    if case .uint(let inode)? = event[.processExecutableInode] { self.inode = inode }
    process = event.process.key.pid
    if case .text(let path)? = event[.processCgroupPath] { cgroup = path.description }
    if case .uint(let id)? = event[.processCgroup] { cgroupID = id }
    if case .text(let text)? = event[.filePath], !text.isCut { path = String(decoding: text.bytes, as: UTF8.self) }
    if case .text(let text)? = event[.fileTarget], !text.isCut { target = String(decoding: text.bytes, as: UTF8.self) }
    for field in Array(KernelLayout.members.keys) + hookFields {
      if case .uint(let number)? = event[field] { numbers[field] = number }
    }
  }

  /// What the hooks that the act goes through find by their arguments.
  private var hookFields: [Field] { hooks.flatMap { $0.security.map { Array($0.arguments.keys) } ?? [] } }

  /// The kinds of events that acts come from.
  public static var eventKinds: [EventKind] { PolicyHook.acts + [.networkFlow, .policyDecision] }

  /// The act that an event reports.
  static func kind(of event: Event, withTold: Bool = false) -> EventKind? {
    switch event.kind {
    case .policyDecision:
      let isTold = event[.policyAction] == .text(Text(Action.audit.rawValue))
      guard case .text(let name)? = event[.policyAct], withTold || !isTold else { return nil }
      return EventKind(name: name.description).flatMap { PolicyHook.acts.contains($0) ? $0 : nil }
    // A datagram is asked about as a connection is.
    case .networkFlow: return .networkConnect
    case let kind: return PolicyHook.acts.contains(kind) ? kind : nil
    }
  }

  /// What the event does not tell of what a rule asks: the kernel knew it, or not.
  func missing(for rule: Rule) -> [Field] {
    return Set(rule.conditions.flatMap { $0.condition.places.map(\.field) }).filter { field in
      switch field {
      case .processExecutable: executable == nil
      case .processExecutableInode: inode == 0
      case .processCgroup: cgroupID == nil
      case .filePath: path == nil
      case .fileTarget: target == nil
      case _ where KernelLayout.members[field] != nil || hookFields.contains(field): numbers[field] == nil
      default: false
      }
    }.sorted { $0.name < $1.name }
  }
}
