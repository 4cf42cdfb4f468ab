// SPDX-License-Identifier: Apache-2.0
import BPF
import MeropsModel
import Synchronization

/// Reports TCP connections, local addresses, UDP and DNS.
final class NetworkSensor: Sensor {
  let eventClass = EventClass.network
  private let classes: Set<EventClass>
  private let watchesUnix: Bool
  private let connections: Connections
  private let packets: Packets?
  private let refusals: Mutex<[String: String]>
  private let flows = Mutex<[FlowKey: Known]>([:])

  /// A flow as it was reported last.
  private struct Known {
    var flow: Flow
    var quietCollections = 0
  }

  var collection: BPFCollection { connections.collection }
  var objects: [(name: String, collection: BPFCollection)] {
    [("connections", collection)] + (packets.map { [("packets", $0.collection)] } ?? [])
  }

  init(_ options: SensorOptions, _ maps: SharedMaps) throws {
    classes = options.classes
    watchesUnix = options.network.watchesUnixSockets
    let ignoresLoopback: UInt32 = options.network.ignoresLoopback ? 1 : 0
    let opened = try Connections.open()
    try maps.share(with: opened.collection)
    try opened.collection.setMaxEntries(options.network.connections, of: "connections")
    opened.globals.ignoresLoopback = ignoresLoopback
    opened.globals.tells = classes.contains(.network) ? 1 : 0
    opened.globals.watchesUnix = watchesUnix ? 1 : 0
    let connections = try opened.load()
    self.connections = connections
    do {
      let opened = try Packets.open()
      try maps.share(with: opened.collection)
      for name in ["connections", "datagrams"] {
        try opened.collection.replaceMap(name, with: connections.collection.map(name))
      }
      try opened.collection.setMaxEntries(options.network.flows, of: "flows")
      opened.globals.ignoresLoopback = ignoresLoopback
      opened.globals.watchesFlows = classes.contains(.network) ? 1 : 0
      opened.globals.watchesDNS = classes.contains(.dns) ? 1 : 0
      packets = try opened.load()
      refusals = Mutex([:])
    } catch {
      packets = nil
      refusals = Mutex([Self.packetHook: "everything: the kernel refuses cgroup_skb programs (\(error.reason))"])
    }
  }

  private static let unixHook = "tracepoint/syscalls/sys_exit_connect"
  private static let packetHook = "cgroup_skb/egress, cgroup_skb/ingress"

  /// The sensors, their hooks, and whether nothing is seen without.
  private static let sensors: [(name: String, eventClass: EventClass, hook: String)] = [
    ("network.connect", .network, "tp_btf/inet_sock_set_state, tracepoint/syscalls/sys_exit_connect"),
    ("network.accept", .network, "tracepoint/syscalls/sys_exit_accept4, tp_btf/tcp_rcv_space_adjust"),
    ("network.listen", .network, "tp_btf/inet_sock_set_state, tracepoint/syscalls/sys_exit_listen"),
    ("network.bind", .network, "tracepoint/syscalls/sys_exit_bind"),
    ("network.close", .network, "tp_btf/inet_sock_set_state, tp_btf/tcp_rcv_space_adjust"),
    ("network.flow", .network, packetHook),
    ("unix.connect", .network, unixHook),
    ("dns", .dns, packetHook),
  ]

  /// What is not seen without a program that the kernel need not have.
  private static let optional: [(program: String, sensor: String, cost: String)] = [
    ("onConnect", "network.connect", "connects that the kernel refuses at once, such as those without a route"),
    ("afterConnect", "network.connect", "connects that the kernel refuses at once, such as those without a route"),
    ("onConnect", "unix.connect", "everything"),
    ("afterConnect", "unix.connect", "everything"),
    ("afterAccept", "network.accept", "accepted connections that nobody reads from"),
    ("afterAccept4", "network.accept", "accepted connections that nobody reads from"),
    ("afterListen", "network.listen", "listening on a port that the kernel chooses"),
    ("onBind", "network.bind", "everything"),
    ("afterBind", "network.bind", "everything"),
    ("onReceive", "network.close", "that another process than the one which connected or accepted used a connection"),
  ]

  var reports: [SensorReport] {
    let refusals = refusals.withLock { $0 }
    return Self.sensors.filter { classes.contains($0.eventClass) }.map { name, _, hook in
      var missing = refusals[name] ?? refusals[hook]
      if hook == Self.unixHook {
        missing =
          missing
          ?? (watchesUnix ? "connects through io_uring" : "everything: the settings do not ask for it (network.unix)")
      }
      let isOff = missing?.hasPrefix("everything") == true
      return SensorReport(sensor: name, hook: isOff ? nil : hook, missing: missing)
    }
  }

  func attach(_ links: LinkSet) throws {
    do {
      for program in [connections.onDestroy, connections.onStateChange, connections.onInterruption] {
        links.keep(try program.attach(), as: program.name)
      }
    } catch {
      for name in ["network.connect", "network.accept", "network.listen", "network.close"] {
        refuse(name, "everything", error)
      }
    }
    for (program, costs) in Dictionary(grouping: Self.optional, by: \.program) {
      do {
        links.keep(try collection.program(program).attach(), as: program)
      } catch {
        for (_, sensor, cost) in costs { refuse(sensor, cost, error) }
      }
    }
    attempt("network.close", "connections that began before the sensors") {
      _ = try connections.onSocket.attach().output()
    }
    guard let packets else { return }
    attempt(Self.packetHook, "everything") {
      guard let root = CgroupTable.mountPoint() else { throw NoCgroups() }
      links.keep(try packets.onSend.attach(to: .cgroup(root)), as: packets.onSend.name)
      links.keep(try packets.onReceive.attach(to: .cgroup(root)), as: "onReceivePacket")
    }
  }

  /// At most that many acts: some changes of state are none, and what was missed may show later.
  func missed() throws -> UInt64 {
    var missed: UInt64 = 0
    for program in collection.programs where program.name != "onReceive" && program.name != "onInterruption" {
      missed += try program.info().recursionMisses
    }
    let taken = try connections.turns.get(0)?.reduce(0) { $0 + $1.taken } ?? 0
    return missed > taken ? missed - taken : 0
  }

  private func attempt(_ sensor: String, _ cost: String, _ body: () throws -> Void) {
    do { try body() } catch { refuse(sensor, cost, error) }
  }

  private func refuse(_ sensor: String, _ cost: String, _ error: any Error) {
    refusals.withLock { $0[sensor] = "\(cost): \(error.reason)" }
  }

  private struct NoCgroups: Error, CustomStringConvertible {
    var description: String {
      "no cgroup v2 is mounted, where packets are seen: mount -t cgroup2 none /sys/fs/cgroup/unified"
    }
  }

  /// A flow of which nothing was seen in so many collections makes room.
  private static let quietLimit = 12

  func collect(into reading: inout Reading, isLast: Bool) throws {
    guard let packets, classes.contains(.network) else { return }
    try flows.withLock { known in
      var quiet: [FlowKey] = []
      var now: [(FlowKey, Flow)] = []
      try packets.flows.forEachChunk { keys, values in
        for index in keys.indices { now.append((keys[index], values[index])) }
      }
      for (key, flow) in now {
        var before = known[key] ?? Known(flow: Flow(startingAt: flow.first))
        if let news = flow.since(before.flow) {
          reading.takeFlow(key, news)
          before = Known(flow: flow)
        } else {
          before.quietCollections += 1
          if before.quietCollections >= Self.quietLimit { quiet.append(key) }
        }
        known[key] = before
      }
      for key in quiet {
        let before = known.removeValue(forKey: key)
        // A packet may have come meanwhile.
        guard let last = try packets.flows.remove(key), let before, let news = last.since(before.flow) else { continue }
        reading.takeFlow(key, news)
      }
    }
  }
}

extension Flow {
  /// What came after an earlier state; nil if there was nothing.
  func since(_ before: Flow) -> Flow? {
    guard packetsSent != before.packetsSent || packetsReceived != before.packetsReceived else { return nil }
    return Flow(
      first: before.last, last: last, bytesSent: bytesSent &- before.bytesSent,
      bytesReceived: bytesReceived &- before.bytesReceived, packetsSent: packetsSent &- before.packetsSent,
      packetsReceived: packetsReceived &- before.packetsReceived)
  }
}
