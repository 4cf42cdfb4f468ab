// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Logging
import MeropsControl
import MeropsFirewall
import MeropsModel
import MeropsServer
import Synchronization

/// The agent's firewall: what people ask for becomes rules, and what the kernel counts a report.
public final class FirewallService: Sendable {
  let firewall: Firewall
  let thread: FirewallThread
  private let log: Logger
  private let watchers = FirewallWatchers()

  private init(_ firewall: Firewall, _ thread: FirewallThread, _ log: Logger) {
    (self.firewall, self.thread, self.log) = (firewall, thread, log)
  }

  /// Loads the firewall, or takes over the one that is pinned. Call it on a thread with all privileges.
  static func start(pins: String, _ log: Logger) throws -> FirewallService {
    let thread = FirewallThread()
    let firewall = try thread.run {
      let firewall = try Firewall(folder: pins)
      try FirewallPrivileges.drop()
      return firewall
    }
    if firewall.isAdopted {
      let rules = firewall.rules
      log.notice(
        "the firewall that was enforced is taken over: \(rules.rules.count) rules on \(rules.interfaces.joined(separator: ", "))"
      )
    }
    return FirewallService(firewall, thread, log)
  }

  /// Does what time asks for. Called once a second or so; it waits for nothing.
  func tick() {
    thread.post { [firewall, log] in
      do { try firewall.refresh() } catch { log.error("the firewall's rules cannot be refreshed: \(error)") }
    }
  }

  /// What is not as it should be.
  var alarms: [String] {
    guard let status = try? firewall.status() else { return ["The firewall's state cannot be read."] }
    return status.interfaces.filter { $0.mode == .absent }.map {
      "The interface \($0.name), which the firewall shall guard, is not there; it is guarded when it comes back."
    }
  }

  var routes: FirewallRoutes {
    FirewallRoutes(
      report: { [self] () throws(ControlError) in try answered { try self.report() } },
      drops: { [self] () throws(ControlError) in try answered { try self.drops() } },
      add: { [self] request, peer throws(ControlError) in try answered { try self.add(request, peer) } },
      remove: { [self] removal, peer throws(ControlError) in try answered { try self.remove(removal, peer) } },
      set: { [self] settings, peer throws(ControlError) in try answered { try self.set(settings, peer) } })
  }

  private func answered<Reply>(_ body: () throws -> Reply) throws(ControlError) -> Reply {
    do { return try body() } catch let error as ControlError { throw error } catch let error as FirewallError {
      let status = [.invalid: 400, .notFound: 404, .conflict: 409][error.kind] ?? 500
      throw ControlError(status: status, message: error.description)
    } catch {
      throw ControlError(status: 500, message: "The kernel does not do it: \(error)")
    }
  }

  // MARK: Changes

  private func change(
    _ peer: Peer, _ what: String,
    _ body: @escaping @Sendable (inout FirewallRules) throws -> (rules: [UInt32], sources: Int)
  ) throws -> FirewallReply {
    let start = Firewall.bootTime()
    let result = try thread.run { [firewall] in
      var result: (rules: [UInt32], sources: Int) = ([], 0)
      try firewall.change { result = try body(&$0) }
      return result
    }
    let time = Firewall.bootTime() - start
    let numbers = result.rules.isEmpty ? "" : ", rules \(result.rules.map { "\($0)" }.joined(separator: ", "))"
    log.notice("firewall: \(what)\(numbers), by uid \(peer.user), pid \(peer.pid)")
    return FirewallReply(
      rules: result.rules, sources: result.sources, generation: firewall.generation, time: time)
  }

  private func add(_ request: FirewallRequest, _ peer: Peer) throws -> FirewallReply {
    guard let action = PacketRule.Action(rawValue: request.action) else {
      throw ControlError.badRequest("`action` has to be drop or pass, not '\(request.action)'.")
    }
    var notes: [String] = []
    var sources = try (request.sources ?? []).map { text throws(FirewallError) in try AddressList.block(text) }
    if let text = request.addresses {
      guard request.list?.isEmpty == false else { throw ControlError.badRequest("A list needs a name.") }
      let list = try AddressList(text)
      sources += list.blocks
      if list.entriesWithMore > 0 {
        notes.append(
          "\(list.entriesWithMore) entries have a time or a comment of their own, which was left out: --for gives the whole list one."
        )
      }
      if sources.isEmpty { notes.append("The list has no addresses.") }
    }
    let conditions = try PacketRule.Conditions(
      transport: request.transport, port: request.port, sourcePort: request.sourcePort, flags: request.flags,
      icmpType: request.icmpType, state: request.state, rate: request.rate, burst: request.burst)
    if sources.isEmpty, request.addresses == nil {
      guard conditions != .init() else { throw ControlError.badRequest("Name addresses, or a protocol.") }
      sources = PacketRule.everywhere
    }
    let reason = request.reason ?? ""
    guard reason.utf8.count <= 1000, (request.list ?? "").utf8.count <= 200 else {
      throw ControlError.badRequest("A reason has 1000 bytes at most, and the name of a list 200.")
    }
    if let time = request.time, time == 0 { throw ControlError.badRequest("A rule for no time does nothing.") }
    var rule = PacketRule(
      action, sources, interface: request.interface,
      end: request.time.map { Firewall.bootTime().addingReportingOverflow($0) }.map {
        $0.overflow ? .max : $0.partialValue
      },
      reason: reason, list: request.list)
    rule.conditions = conditions
    let wanted = rule
    var reply = try change(peer, "\(action) of \(rule.sources.count) sources") { rules in
      if let name = wanted.interface {
        if !rules.interfaces.contains(name) { rules.interfaces.append(name) }
      } else if rules.interfaces.isEmpty {
        throw ControlError.badRequest(
          "No interface is guarded yet: name one with --interface, or guard it with `merops firewall guard INTERFACE`.")
      }
      return ([rules.put(wanted)], wanted.sources.count)
    }
    reply.notes = notes
    return reply
  }

  private func remove(_ removal: FirewallRemoval, _ peer: Peer) throws -> FirewallReply {
    let sources = try (removal.sources ?? []).map { text throws(FirewallError) in try AddressList.block(text) }
    guard !sources.isEmpty || !(removal.rules ?? []).isEmpty || removal.list != nil else {
      throw ControlError.badRequest("Name addresses, rules or a list to remove.")
    }
    return try change(peer, "removal") { rules in
      var (numbers, count): (Set<UInt32>, Int) = ([], 0)
      for block in sources {
        numbers.formUnion(try rules.unblock(block))
        count += 1
      }
      for id in removal.rules ?? [] {
        count += try rules.remove(rule: id).sources.count
        numbers.insert(id)
      }
      if let list = removal.list {
        let rule = try rules.remove(list: list)
        count += rule.sources.count
        numbers.insert(rule.id)
      }
      return (numbers.sorted(), count)
    }
  }

  private func set(_ settings: FirewallSettings, _ peer: Peer) throws -> FirewallReply {
    var action: PacketRule.Action?
    if let text = settings.defaultAction {
      guard let known = PacketRule.Action(rawValue: text) else {
        throw ControlError.badRequest("`default_action` has to be pass or drop, not '\(text)'.")
      }
      action = known
    }
    let wanted = action
    return try change(peer, "settings") { rules in
      if let wanted { rules.defaultAction = wanted }
      for name in settings.guarding ?? [] where !rules.interfaces.contains(name) { rules.interfaces.append(name) }
      for name in settings.releasing ?? [] {
        guard let index = rules.interfaces.firstIndex(of: name) else {
          throw FirewallError(.notFound, "The interface \(name) is not guarded.")
        }
        rules.interfaces.remove(at: index)
      }
      return ([], 0)
    }
  }

  // MARK: What happens

  private func report() throws -> FirewallReport {
    let status = try firewall.status()
    let now = Firewall.bootTime()
    func count(_ count: FirewallState.Count) -> FirewallReport.Count {
      .init(packets: count.packets, bytes: count.bytes)
    }
    let rules = status.rules.rules.filter { ($0.end ?? .max) > now }.map { rule in
      let counted = status.counts[rule.id] ?? .init()
      let isLong = (rule.list ?? rule.policy) != nil && rule.sources.count > 10
      return FirewallReport.Rule(
        id: rule.id, action: rule.action.rawValue,
        sources: (isLong ? rule.sources.prefix(3) : rule.sources[...]).map { "\($0)" }, sourceCount: rule.sources.count,
        list: rule.list, policy: rule.policy, conditions: rule.conditions == .init() ? nil : "\(rule.conditions)",
        interface: rule.interface,
        reason: rule.reason, left: rule.end.map { $0 - now }, packets: counted.packets, bytes: counted.bytes)
    }
    return FirewallReport(
      defaultAction: status.rules.defaultAction.rawValue,
      interfaces: status.interfaces.map { .init(name: $0.name, mode: $0.mode.rawValue) }, rules: rules,
      others: count(status.others), malformed: count(status.malformed), unreadable: count(status.unreadable),
      otherProtocols: count(status.notIP), generation: status.generation, memory: UInt64(status.memory),
      isAdopted: firewall.isAdopted,
      flows: try firewall.flows().map {
        .init(known: $0.known, capacity: $0.capacity, begun: $0.begun, evicted: $0.evicted)
      })
  }

  private func drops() throws -> ByteStream {
    guard let stream = watchers.add(firewall) else {
      throw ControlError(status: 503, message: "16 others watch drops already: that is as many as the agent serves.")
    }
    return stream
  }
}
