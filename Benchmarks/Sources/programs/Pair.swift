// SPDX-License-Identifier: Apache-2.0
import BPF

/// The same program in C and in Swift.
struct Pair {
  /// The name of both files in `kernel/c` and `kernel/swift`; what stands behind a space tells rows apart.
  var name: String
  /// Where it is attached, for the table.
  var hook: String
  var exercise: Exercise
  /// Fills the maps.
  var prepare: (BPFCollection) throws -> Void = { _ in }

  var file: Substring { name.prefix { $0 != " " } }

  enum Exercise {
    /// The kernel's test run on these packets.
    case packets([[UInt8]], shortest: Int = 14)
    /// The kernel's test run of all programs in turn, one run a call: the kernel's statistics tell the time.
    case calls
    /// Attached while something happens; the kernel's statistics tell the time. The result says what was seen.
    case events(any EventSource)
  }
}

/// Something that fires a hook.
protocol EventSource {
  /// The hook that the section does not name.
  var hook: Hook? { get }
  /// Fires it some thousand times.
  ///
  /// - Returns: what the program's verdicts made of it, to be compared.
  func fire() throws -> [Int32]
}

extension Pair {
  /// A program that does nothing: what measuring costs.
  static func empty(_ exercise: Exercise) -> Pair { Pair(name: "empty", hook: "", exercise: exercise) }

  static func all() throws -> [Pair] {
    let local: [UInt8] = [192, 0, 2, 1]
    let blocked: [UInt8] = [198, 51, 100, 7]
    let service: [UInt8] = [203, 0, 113, 10]
    let network: [UInt8] = [0x20, 1, 0xd, 0xb8, 0, 7] + [UInt8](repeating: 0, count: 9) + [1]
    let other: [UInt8] = [0xfd] + [UInt8](repeating: 0, count: 14) + [1]
    let udp = Packets.udp(4000, 53)
    let tcp = Packets.tcp(4000, 443)
    let frame = Packets.ethernet(Packets.ipv4)
    let frame6 = Packets.ethernet(Packets.ipv6)
    let behindExtensions =
      Packets.ipv6Extension(next: 60) + Packets.ipv6Extension(next: 44) + Packets.ipv6Extension(next: Packets.udp) + udp

    return [
      Pair(name: "execve_counter", hook: "tracepoint", exercise: .events(FailingExec())),
      Pair(name: "exec_events", hook: "tp_btf", exercise: .events(Spawn())),
      Pair(name: "exec_path", hook: "tp_btf", exercise: .events(Spawn())),
      Pair(name: "exec_path (12 names)", hook: "tp_btf", exercise: .events(try Spawn(depth: 10))),
      Pair(
        name: "xdp_firewall", hook: "xdp",
        exercise: .packets([
          frame + Packets.ipv4(local, service, Packets.udp, udp),
          frame + Packets.ipv4(blocked, service, Packets.tcp, tcp),
          Packets.ethernet(Packets.ipv4, tags: [0x8100]) + Packets.ipv4(blocked, service, Packets.udp, udp),
          Packets.ethernet(Packets.ipv4, tags: [0x88a8, 0x8100])
            + Packets.ipv4(local, service, Packets.udp, udp, options: 8),
          frame6 + Packets.ipv6(network, next: Packets.udp, udp),
        ]), prepare: { try $0.map("blocked").set([UInt8](repeating: 0, count: 8), for: blocked) }),
      Pair(
        name: "xdp_load", hook: "xdp",
        exercise: .packets([
          frame + Packets.ipv4(local, service, Packets.udp, udp),
          frame + Packets.ipv4(blocked, service, Packets.tcp, tcp),
        ])),
      Pair(
        name: "xdp_ipv6", hook: "xdp",
        exercise: .packets([
          frame6 + Packets.ipv6(network, next: Packets.udp, udp),
          frame6 + Packets.ipv6(network, next: 0, behindExtensions),
          frame6 + Packets.ipv6(network, next: Packets.tcp, tcp),
          frame6 + Packets.ipv6(other, next: Packets.udp, udp),
        ]),
        prepare: { try $0.map("rules").set(Packets.word(53) + [Packets.udp, 1], for: [48, 0, 0, 0] + network) }),
      Pair(
        name: "tc_rewrite", hook: "tc",
        exercise: .packets([
          frame + Packets.ipv4(local, service, Packets.udp, udp),
          frame + Packets.ipv4(local, service, Packets.tcp, tcp, options: 4),
          frame + Packets.ipv4(service, local, Packets.tcp, tcp),
        ]),
        prepare: { collection in
          // A backend at the service's own address: so a packet that is run again is rewritten again.
          for (port, transport) in [(UInt16(53), Packets.udp), (443, Packets.tcp)] {
            try collection.map("services").set(
              service + Packets.word(port) + [7, 0], for: service + Packets.word(port) + [transport, 0])
          }
          // And one that is elsewhere, for the comparison of what comes out.
          try collection.map("services").set(
            [10, 0, 0, 9] + Packets.word(8443) + [9, 0], for: local + Packets.word(443) + [Packets.tcp, 0])
        }),
      Pair(name: "connect_policy", hook: "cgroup/connect4", exercise: .events(try Connect()), prepare: Connect.prepare),
      Pair(name: "tcp_latency", hook: "tp_btf", exercise: .events(try Handshake())),
      Pair(name: "syscall_latency", hook: "raw_tp (2)", exercise: .calls),
      Pair(
        name: "flow_filter", hook: "socket",
        // The test run takes the link header off, and a packet socket leaves it: hence two.
        exercise: .packets(
          [
            frame + frame + Packets.ipv4(local, service, Packets.udp, udp),
            frame + frame + Packets.ipv4(blocked, service, Packets.tcp, tcp, options: 8),
            frame + frame + Packets.ipv4(blocked, service, 1, udp),
          ], shortest: 16)),
    ]
  }
}
