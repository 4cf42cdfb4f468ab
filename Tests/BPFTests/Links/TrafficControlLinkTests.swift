// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import Foundation
import TestSupport
import Testing

@testable import BPF

/// Programs on an interface's ingress and egress: by tcx, and by filters on a clsact discipline.
@Suite(.requires(.root)) struct TrafficControlLinkTests {
  /// Whichever of the two ways the kernel has.
  @Test func bothDirections() throws {
    let wire = try Wire()
    let collection = try load("tc", only: ["ingress", "egress"])
    try wire.pair.near.run {
      let ingress = try collection.program("ingress").attach(
        to: .trafficControl(interface: "veth0", direction: .ingress))
      let egress = try collection.program("egress").attach(to: .trafficControl(interface: "veth0", direction: .egress))
      let before = try collection.counter("ingress_packets")
      #expect(try wire.delivers())
      #expect(try collection.counter("ingress_packets") > before)
      let out = try TestSocket()
      let rise = try collection.rise(of: "egress_packets") {
        try out.send([1], to: NetworkPair.farAddress, port: 9)
      }
      #expect(rise > 0)
      try ingress.detach()
      try egress.detach()
      // A packet may still be under way through the program.
      #expect(eventually { (try? collection.rise(of: "ingress_packets") { _ = try wire.delivers() }) == 0 })
    }
  }

  @Test func droppingAndLettingGo() throws {
    let wire = try Wire()
    let collection = try load("tc", only: ["drop_all", "ingress"])
    try wire.pair.near.run {
      do {
        let link = try collection.program("drop_all").attach(
          to: .trafficControl(interface: "veth0", direction: .ingress))
        #expect(try wire.sends { try collection.counter("dropped") })
        #expect(wire.receiver.receive(milliseconds: 0) == nil)
        try link.update(to: collection.program("ingress"))
        #expect(try wire.delivers())
        #expect(try collection.counter("ingress_packets") > 0)
      }
      // A packet may still be under way through the program.
      #expect(eventually { (try? collection.rise(of: "ingress_packets") { _ = try wire.delivers() }) == 0 })
    }
  }

  @Test(.requires(kernel: "5.12"), .works(from: "6.6")) func inOrder() throws {
    let wire = try Wire()
    let collection = try load("tcx", only: ["first", "second"])
    let turns = try wire.pair.near.run {
      let (first, second) = (try collection.program("first"), try collection.program("second"))
      func turns() throws -> [UInt64] {
        try collection.setGlobal("turn", to: UInt64(0))
        _ = try wire.delivers()
        return [try collection.global("first_turn"), try collection.global("second_turn")]
      }
      func hook(_ order: Hook.Order) -> Hook {
        .trafficControl(interface: "veth0", direction: .ingress, order: order)
      }
      var result: [[UInt64]] = []
      let held = try second.attach(to: hook(.last))
      let id = try held.info().id
      for order in [
        Hook.Order.first, .last, .beforeLink(id: id), .afterLink(id: id), .beforeProgram(id: try second.id()),
        .afterProgram(id: try second.id()),
      ] {
        let link = try first.attach(to: hook(order))
        result.append(try turns())
        try link.detach()
      }
      return result
    }
    #expect(turns == [[1, 2], [2, 1], [1, 2], [2, 1], [1, 2], [2, 1]])
  }

  /// The way of kernels before 6.6 works on all.
  @Test(arguments: [Hook.Direction.ingress, .egress]) func byClsact(direction: Hook.Direction) throws {
    let wire = try Wire()
    let collection = try load("tc", only: ["ingress", "drop_all", "egress"])
    let index = UInt32(wire.pair.nearIndex)
    try wire.pair.near.run {
      let out = try TestSocket()
      func filters() throws -> [TrafficControl.Filter] {
        try TrafficControl.filters(interface: index, direction == .ingress ? .ingress : .egress)
      }
      func sends(_ counter: String) throws -> Bool {
        guard direction == .egress else { return try wire.sends { try collection.counter(counter) } }
        return try collection.rise(of: counter) {
          try? out.send([1], to: NetworkPair.farAddress, port: 9)
        } > 0
      }
      do {
        let counting = try collection.program("ingress").attachClsact(index, direction: direction, "tc of veth0")
        let dropping = try collection.program("drop_all").attachClsact(index, direction: direction, "tc of veth0")
        #expect(try filters().count == 2)
        #expect(try filters().allSatisfy { $0.isDirectAction })
        #expect(try sends("dropped"))
        try dropping.update(to: collection.program("egress"))
        #expect(try sends("egress_packets"))
        try counting.detach()
        #expect(try filters().map(\.programID) == [collection.program("egress").id()])
        #expect(try wire.delivers())
      }
      #expect(try filters().isEmpty)
    }
  }

  @Test func noSuchInterface() throws {
    let collection = try load("tc", only: ["ingress"])
    let error = #expect(throws: BPFError.self) {
      _ = try collection.program("ingress").attach(to: .trafficControl(interface: "no-such-dev", direction: .egress))
    }
    #expect(error?.code == .notFound)
  }

  @Test(.requires(.config("NETKIT")), .requires(kernel: "6.7")) func netkit() throws {
    let collection = try load("netkit", only: ["primary", "peer"])
    let (near, far) = (try TestNamespace(), try TestNamespace())
    try near.check("ip link add merops0 type netkit")
    // The kernel names the peer.
    let names = try near.check("ip -o link show type netkit").split(separator: "\n").compactMap {
      $0.split(separator: " ").dropFirst().first?.split(separator: "@").first.map { String($0.filter { $0 != ":" }) }
    }
    let peer = try #require(names.first { $0 != "merops0" })
    try near.check("ip link set \(peer) netns \(far.path)")
    try near.check("ip addr add 10.78.0.1/24 dev merops0")
    try far.check("ip addr add 10.78.0.2/24 dev \(peer)")
    try near.check("ip link set merops0 up")
    try far.check("ip link set \(peer) up")
    try near.run {
      let primary = try collection.program("primary").attach(to: .netkit(interface: "merops0"))
      let other = try collection.program("peer").attach(to: .netkit(interface: "merops0"))
      // What is sent before the kernel has seen that both ends are up is lost.
      let (here, there) = (try TestSocket(), try far.run { try TestSocket() })
      #expect(
        try eventually {
          try here.send([1], to: "10.78.0.2", port: 9)
          return try collection.counter("from_primary") > 0
        })
      #expect(
        try eventually {
          try there.send([1], to: "10.78.0.1", port: 9)
          return try collection.counter("from_peer") > 0
        })
      try primary.detach()
      try other.detach()
    }
  }
}
