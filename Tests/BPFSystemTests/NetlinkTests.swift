// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import Foundation
import SystemPackage
import TestSupport
import Testing

/// rtnetlink in a network namespace that each test makes and that goes away with it.
@Suite(.requires(.root), .requires(.command("ip"))) struct NetlinkTests {
  /// A namespace with a pair of devices, `left` and `right`.
  static func withPair(_ body: (UInt32) throws -> Void) throws {
    let namespace = try NetNamespace.create()
    try namespace.run {
      // Children inherit the thread's namespace.
      _ = try KernelTests.output("ip", "link", "add", "left", "type", "veth", "peer", "name", "right")
      try body(try #require(NetworkInterface.index(ofName: "left")))
    }
  }

  static func program(type: UInt32, returning value: Int32) throws -> Descriptor {
    try BPFCall.loadProgram(ProgramLoad(type: type), instructions: BPFCallTests.returning(value).span.bytes)
  }

  @Test func listsDevices() throws {
    try Self.withPair { left in
      let all = try NetworkInterface.all()
      #expect(Set(all.map(\.name)).isSuperset(of: ["lo", "left", "right"]))
      let found = try NetworkInterface.find(index: left)
      #expect(found.name == "left" && found.kind == "veth" && found.mtu == 1500)
      #expect(NetworkInterface.name(ofIndex: left) == "left")
      #expect(NetworkInterface.index(ofName: "nothing") == nil)
      #expect(throws: NetlinkError.self) { try NetworkInterface.find(index: 9999) }
    }
    // The thread is outside again, where others' devices come and go.
    #expect(NetworkInterface.index(ofName: "left") == nil)
  }

  /// What a device says of the XDP program on it, in each mode (XDP_FLAGS_*).
  @Test(arguments: [(2 as UInt32, 2 as UInt8), (4, 1)]) func xdpIsSeen(flags: UInt32, mode: UInt8) throws {
    let program = try Self.program(type: 6, returning: 2)
    let id = try BPFCall.programInformation(fd: program.rawValue).id
    let fd = program.rawValue
    try Self.withPair { left in
      #expect(try NetworkInterface.find(index: left).xdp.programIDs == [])
      do {
        // BPF_XDP
        let link = try BPFCall.createLink(LinkCreate(program: fd, target: left, attachType: 37, flags: flags))
        let xdp = try NetworkInterface.find(index: left).xdp
        #expect(xdp.mode == mode && xdp.programIDs == [id])
        #expect((flags == 2 ? xdp.genericProgramID : xdp.driverProgramID) == id)
        _ = link.rawValue
      }
      #expect(eventually { (try? NetworkInterface.find(index: left).xdp.programIDs) == [] })
    }
    _ = program.rawValue
  }

  @Test func filtersAreAddedReplacedListedAndDeleted() throws {
    let first = try Self.program(type: 3, returning: 0)
    let second = try Self.program(type: 3, returning: 0)
    let secondID = try BPFCall.programInformation(fd: second.rawValue).id
    let (one, two) = (first.rawValue, second.rawValue)
    try Self.withPair { left in
      #expect(try TrafficControl.filters(interface: left, .ingress) == [])
      #expect(try TrafficControl.createClsact(interface: left))
      #expect(try TrafficControl.createClsact(interface: left) == false)

      var filter = try TrafficControl.add(
        .init(interface: left, direction: .ingress, priority: 5, handle: 3, name: "guard"), program: one)
      #expect(filter.priority == 5 && filter.handle == 3 && filter.programID != 0)
      #expect(throws: NetlinkError.self) { _ = try TrafficControl.add(filter, program: two) }
      filter = try TrafficControl.add(filter, program: two, replacing: true)
      #expect(filter.programID == secondID)
      // The kernel chooses a priority and a handle.
      let chosen = try TrafficControl.add(.init(interface: left, direction: .egress, name: "out"), program: one)
      #expect(chosen.priority != 0 && chosen.handle != 0)

      let listed = try TrafficControl.filters(interface: left, .ingress)
      #expect(listed == [filter])
      #expect(listed.first?.name == "guard" && listed.first?.isDirectAction == true)
      // tc(8) reads the same.
      guard commandPath("tc") != nil else { return }
      let shown = try KernelTests.output("tc", "filter", "show", "dev", "left", "ingress")
      #expect(shown.contains("pref 5 bpf") && shown.contains("handle 0x3 guard direct-action"), "\(shown)")

      try TrafficControl.delete(filter)
      #expect(try TrafficControl.filters(interface: left, .ingress) == [])
      #expect(try TrafficControl.filters(interface: left, .egress) == [chosen])
      try TrafficControl.deleteClsact(interface: left)
      #expect(try TrafficControl.filters(interface: left, .egress) == [])
    }
    _ = first.rawValue + second.rawValue
  }
}
