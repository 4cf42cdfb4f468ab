// SPDX-License-Identifier: Apache-2.0
import BPF
import Foundation
import MeropsModel
import Testing

@testable import MeropsFirewall

/// Connections over a cable whose far end lets in what answers.
@Suite(
  .serialized, .enabled(if: isRoot, needsRoot),
  .enabled(if: Features.kernelVersion >= KernelVersion(6, 6), "needs Linux 6.6 (tcx)")) struct LiveFlowTests
{
  private let cable: Cable
  private let pins = Pins()

  init() throws { cable = try Cable() }

  private var established: PacketRule {
    var rule = PacketRule.pass("0.0.0.0/0", "::/0")
    rule.conditions.state = .established
    return rule
  }

  private func guarded(_ rules: [PacketRule], default action: PacketRule.Action = .drop) throws -> Firewall {
    let firewall = try Firewall(folder: pins.folder)
    try cable.far.inside {
      try firewall.change { $0.interfaces = ["veth1"] }
      try firewall.set(rules, default: action)
    }
    return firewall
  }

  @Test func whatThisMachineBeginsIsAnsweredAndNothingElse() throws {
    let firewall = try guarded([established])
    let (near, far) = (try End(cable.near, 1), try End(cable.far, 2))
    let connection = try far.connect(to: near)
    connection.write("asked")
    #expect(near.accept().read(5) == "asked")
    // The other way round nothing arrives, and Linux knows of nothing.
    let before = try firewall.status().others.packets
    let attempt = try near.attempt(to: far)
    while try firewall.status().others.packets == before { usleep(1000) }
    #expect(!attempt.isWritable)
    try cable.far.inside { try run("ping -n -c 2 -i 0.1 10.77.0.1") }
    #expect(throws: CommandFailure.self) { try cable.near.inside { try run("ping -n -c 1 -W 1 10.77.0.2") } }
    #expect(try firewall.status().counts.values.first?.packets ?? 0 >= 4)
    #expect(try #require(try firewall.flows()).known >= 2)
  }

  /// A connection that is open when the rule comes is known from its next packet on.
  @Test func aConnectionThatIsOpenIsLearned() throws {
    let firewall = try guarded([], default: .pass)
    let (near, far) = (try End(cable.near, 1), try End(cable.far, 2))
    let here = try far.connect(to: near)
    let there = near.accept()
    here.write("a")
    #expect(there.read(1) == "a")
    // The acknowledgement has arrived: nothing leaves any more.
    while try cable.far.inside({ try run("ss -tnHo dst 10.77.0.1") }).contains("timer:(on") { usleep(1000) }
    try cable.far.inside { try firewall.set([established], default: .drop) }
    there.write("b")
    while try firewall.status().others.packets == 0 { usleep(1000) }
    here.write("c")
    #expect(there.read(1) == "c")
    // Linux sends again what was dropped.
    #expect(here.read(1) == "b")
  }

  /// Connections go on while rules are exchanged, when the process ends, and when the next one takes over.
  @Test func connectionsOutliveExchangesAndProcesses() throws {
    var firewall: Firewall? = try guarded([established])
    let (near, far) = (try End(cable.near, 1), try End(cable.far, 2))
    let here = try far.connect(to: near)
    let there = near.accept()
    func speaks(_ number: Int) {
      here.write("\(number % 10)")
      #expect(there.read(1) == "\(number % 10)")
      there.write("\(number % 10)")
      #expect(here.read(1) == "\(number % 10)")
    }
    for number in 0..<NoGapTests.swaps {
      speaks(number)
      try cable.far.inside {
        try firewall?.set([established, .drop("192.0.2.\(number % 250)")], default: .drop)
      }
    }
    #expect(try firewall?.status().others.packets == 0)
    let known = try #require(try firewall?.flows())
    firewall = nil
    speaks(1)
    // A connection that begins while no process is there.
    let second = try far.connect(to: near)
    second.write("x")
    #expect(near.accept().read(1) == "x")
    let adopted = try cable.far.inside { try Firewall(folder: pins.folder) }
    #expect(adopted.isAdopted)
    #expect(try #require(try adopted.flows()).begun == known.begun + 1)
    speaks(2)
    #expect(try adopted.status().others.packets == 0)
    // Without a rule that asks, nobody looks at what leaves.
    var isLearning: Bool { PinFolder.files(in: pins.folder + "/links").contains { $0.hasSuffix("e") } }
    #expect(isLearning)
    try cable.far.inside { try adopted.set([]) }
    #expect(!isLearning)
    #expect(try adopted.flows() == nil)
    let before = try adopted.object.flows.count()
    #expect(before >= 2)
    _ = try far.connect(to: near)
    #expect(try adopted.object.flows.count() == before)
    try cable.far.inside { try adopted.set([established], default: .drop) }
    #expect(try adopted.flows()?.known == 0)
    adopted.removeEverything()
    #expect(!FileManager.default.fileExists(atPath: pins.folder))
  }
}

/// A listening socket at one end of the cable.
private final class End {
  private let side: NetworkNamespace
  private let number: UInt8
  private let socket: CInt

  init(_ side: NetworkNamespace, _ number: UInt8) throws {
    (self.side, self.number) = (side, number)
    socket = try side.inside {
      let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
      _ = withAddress(address(number, port: 7)) { bind(socket, $0, $1) }
      listen(socket, 8)
      return socket
    }
  }

  deinit { close(socket) }

  func accept() -> Connection { Connection(Glibc.accept(socket, nil, nil)) }

  func connect(to other: End) throws -> Connection {
    let connection = try attempt(to: other)
    while !connection.isWritable { usleep(1000) }
    return connection
  }

  /// A connection that may not come about.
  func attempt(to other: End) throws -> Connection {
    try side.inside {
      let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
      _ = withAddress(address(other.number, port: 7)) { Glibc.connect(socket, $0, $1) }
      return Connection(socket)
    }
  }
}

private final class Connection {
  private let socket: CInt

  init(_ socket: CInt) { self.socket = socket }

  deinit { close(socket) }

  var isWritable: Bool {
    var request = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
    return poll(&request, 1, 0) == 1 && request.revents == Int16(POLLOUT)
  }

  func write(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { send(socket, $0.baseAddress, $0.count, 0) } }

  /// Waits for so many bytes.
  func read(_ count: Int) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: count)
    while bytes.count < count {
      var request = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      poll(&request, 1, 60_000)
      let taken = recv(socket, &buffer, count - bytes.count, 0)
      guard taken > 0 else { break }
      bytes += buffer[..<taken]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
