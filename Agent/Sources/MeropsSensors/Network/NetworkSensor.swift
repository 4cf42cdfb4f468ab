// SPDX-License-Identifier: Apache-2.0
import BPF
import MeropsModel
import Synchronization

/// Tells of TCP connections and of local addresses.
final class NetworkSensor: Sensor {
  let eventClass = EventClass.network
  private let object: Connections
  private let refusals = Mutex<[String: String]>([:])

  var collection: BPFCollection { object.collection }

  init(_ options: SensorOptions, _ maps: SharedMaps) throws {
    let opened = try Connections.open()
    try maps.share(with: opened.collection)
    try opened.collection.setMaxEntries(options.network.connections, of: "connections")
    opened.globals.ignoresLoopback = options.network.ignoresLoopback ? 1 : 0
    object = try opened.load()
  }

  /// What is not seen without a program that the kernel need not have.
  private static let optional: [(program: String, sensor: String, cost: String)] = [
    ("onConnect", "network.connect", "connects that the kernel refuses at once, such as those without a route"),
    ("afterConnect", "network.connect", "connects that the kernel refuses at once, such as those without a route"),
    ("afterAccept", "network.accept", "accepted connections that nobody reads from"),
    ("afterAccept4", "network.accept", "accepted connections that nobody reads from"),
    ("afterListen", "network.listen", "listening on a port that the kernel chooses"),
    ("onBind", "network.bind", "everything"),
    ("afterBind", "network.bind", "everything"),
    ("onReceive", "network.close", "that another process than the one which connected or accepted used a connection"),
  ]

  var reports: [SensorReport] {
    let refusals = refusals.withLock { $0 }
    return [
      ("network.connect", "tp_btf/inet_sock_set_state, tracepoint/syscalls/sys_exit_connect"),
      ("network.accept", "tracepoint/syscalls/sys_exit_accept4, tp_btf/tcp_rcv_space_adjust"),
      ("network.listen", "tp_btf/inet_sock_set_state, tracepoint/syscalls/sys_exit_listen"),
      ("network.bind", "tracepoint/syscalls/sys_exit_bind"),
      ("network.close", "tp_btf/inet_sock_set_state, tp_btf/tcp_rcv_space_adjust"),
    ].map { sensor, hook in
      SensorReport(
        sensor: sensor, hook: sensor == "network.bind" && refusals[sensor] != nil ? nil : hook,
        missing: refusals[sensor])
    }
  }

  func attach(_ links: LinkSet) throws {
    links.keep(try object.onDestroy.attach(), as: object.onDestroy.name)
    for (program, sensor, cost) in Self.optional {
      do {
        links.keep(try collection.program(program).attach(), as: program)
      } catch {
        refusals.withLock { $0[sensor] = "\(cost): \(error)" }
      }
    }
    links.keep(try object.onStateChange.attach(), as: object.onStateChange.name)
    do {
      _ = try object.onSocket.attach().output()
    } catch {
      refusals.withLock { $0["network.close"] = "connections that began before the sensors: \(error)" }
    }
  }
}
