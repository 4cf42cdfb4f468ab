// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import MeropsControl
import MeropsFirewall
import MeropsModel
import MeropsServer
import Synchronization

/// Whoever watches drops. The ring is read while there is somebody.
final class FirewallWatchers: Sendable {
  private struct State {
    var boxes: [ObjectIdentifier: Mailbox<[UInt8]>] = [:]
    var isReading = false
  }

  private let state = Mutex(State())

  /// - Returns: the drops from now on as JSON lines; nil if there are too many watchers.
  func add(_ firewall: Firewall) -> ByteStream? {
    // What is slower than the drops misses some.
    let box = Mailbox<[UInt8]>(limit: 1 << 20) { $0.count }
    let begins = state.withLock { state -> Bool? in
      guard state.boxes.count < 16 else { return nil }
      state.boxes[ObjectIdentifier(box)] = box
      defer { state.isReading = true }
      return !state.isReading
    }
    guard let begins else { return nil }
    if begins { Thread.detachNewThread { [self] in read(firewall) } }
    return ByteStream(
      next: { await box.next() },
      cancel: { [self] in
        state.withLock { $0.boxes[ObjectIdentifier(box)] = nil }
        box.cancel()
      })
  }

  private func read(_ firewall: Firewall) {
    // What waits in the ring from before is nobody's.
    while let old = try? firewall.drops(), !old.isEmpty {}
    while true {
      let boxes = state.withLock { state in
        if state.boxes.isEmpty { state.isReading = false }
        return Array(state.boxes.values)
      }
      if boxes.isEmpty { return }
      let drops = (try? firewall.drops(wait: 1)) ?? []
      // An empty line shows whether a reader is still there.
      let lines = drops.isEmpty ? [0x0a] : Self.lines(drops)
      for box in boxes { box.offer(lines) }
    }
  }

  private static func lines(_ drops: [PacketDrop]) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let boot = wallClock() &- Firewall.bootTime()
    var lines: [UInt8] = []
    for drop in drops {
      guard let line = try? encoder.encode(FirewallDrop(drop, boot: boot)) else { continue }
      lines += line
      lines.append(0x0a)
    }
    return lines
  }
}

extension FirewallDrop {
  /// - Parameter boot: when the machine was started, in nanoseconds since 1970.
  fileprivate init(_ drop: PacketDrop, boot: UInt64) {
    var (cause, rule): (String, UInt32?) = ("rule", nil)
    switch drop.cause {
    case .rule(let id): rule = id
    case .formerRule: break
    case .defaultAction: cause = "default"
    case .malformed: cause = "malformed"
    case .unreadable: cause = "unreadable"
    }
    let hasPorts = drop.sourcePort != 0 || drop.destinationPort != 0
    var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
    let interface =
      if_indextoname(drop.interface, &name) == nil
      ? "\(drop.interface)"
      : String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    self.init(
      time: RFC3339.text(boot &+ drop.time), cause: cause, rule: rule, source: drop.source.map { "\($0)" },
      sourcePort: hasPorts ? drop.sourcePort : nil, destination: drop.destination.map { "\($0)" },
      destinationPort: hasPorts ? drop.destinationPort : nil,
      transport: drop.source == nil ? nil : IPTransport.name(drop.transport), interface: interface,
      vlan: drop.vlan, length: drop.length, untold: drop.untold)
  }
}
