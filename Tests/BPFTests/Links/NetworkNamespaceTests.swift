// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import BPF

/// Interfaces of other network namespaces than the caller's.
@Suite(.requires(.root)) struct NetworkNamespaceTests {
  @Test func runsInside() throws {
    let namespace = try NetworkNamespace.create()
    let here = try NetworkNamespace.current()
    #expect(namespace != here && namespace.inode != here.inode)
    let inside = try namespace.run { () throws(BPFError) in try NetworkNamespace.current() }
    #expect(inside == namespace)
    #expect(try NetworkNamespace(processID: getpid()) == here)
    #expect(try NetworkNamespace.current() == here)
    struct Mine: Error {}
    do {
      try namespace.run { () throws(Mine) in throw Mine() }
      Issue.record("nothing was thrown")
    } catch {
      guard case .body = error else {
        Issue.record("\(error)")
        return
      }
    }
    let absent = #expect(throws: BPFError.self) { _ = try NetworkNamespace(name: "merops-no-such-namespace") }
    #expect(absent?.code == .notFound && absent?.hint?.contains("ip netns") == true)
  }

  /// A result that cannot be copied: the link that was made inside.
  @Test func returnsALink() throws {
    let wire = try Wire()
    let namespace = try NetworkNamespace(path: wire.pair.near.path)
    let collection = try load("xdp", only: ["drop"])
    let program = try collection.program("drop")
    let link = try namespace.run { () throws(BPFError) -> Link in
      try program.attach(to: .xdp(interface: "veth0", mode: .generic))
    }
    #expect(try wire.sends { try collection.packets(1) })
    try link.detach()
    #expect(try wire.deliversAgain())
  }

  /// The index is another device's, or nobody's, in the namespace of the caller.
  @Test func interfacesOfANamespace() throws {
    let wire = try Wire()
    let namespace = try NetworkNamespace(path: wire.pair.near.path)
    let index = UInt32(wire.pair.nearIndex)
    let (xdp, tc) = (try load("xdp", only: ["drop"]), try load("tc", only: ["ingress"]))
    for interface in [Interface("veth0", in: namespace), .index(index, in: namespace)] {
      #expect(try interface.resolved() == index)
      let link = try xdp.program("drop").attach(to: .xdp(interface: interface, mode: .generic))
      #expect(link.place == "xdp on \(interface)")
      #expect(try link.info().interfaceIndex == index)
      #expect(try wire.sends { try xdp.packets(1) })
      try link.detach()
      #expect(try wire.deliversAgain())
      let ingress = try tc.program("ingress").attach(to: .trafficControl(interface: interface, direction: .ingress))
      #expect(try wire.sends { try tc.counter("ingress_packets") })
      try ingress.detach()
    }
    let error = #expect(throws: BPFError.self) {
      _ = try xdp.program("drop").attach(to: .xdp(interface: Interface("veth7", in: namespace)))
    }
    #expect(error?.code == .notFound && error?.detail?.contains(namespace.description) == true)
  }

  /// An old kernel's filter is removed from where it was put, whoever lets go of it.
  @Test func clsactOfANamespace() throws {
    let wire = try Wire()
    let collection = try load("tc", only: ["ingress"])
    let program = try collection.program("ingress")
    let links = LinkSet()
    try wire.pair.near.run {
      links.keep(
        try program.attachClsact(UInt32(if_nametoindex("veth0")), direction: .ingress, "tc of veth0"), as: "tc")
    }
    #expect(try wire.sends { try collection.counter("ingress_packets") })
    links.removeAll()
    #expect(eventually { (try? collection.rise(of: "ingress_packets") { _ = try wire.delivers() }) == 0 })
  }

  @Test func devicesOfAMap() throws {
    let wire = try Wire()
    let namespace = try NetworkNamespace(path: wire.pair.near.path)
    let devices = try Map<UInt32, DeviceTarget>(creating: .devmapHash, maxEntries: 4)
    try devices.set(Interface("veth0", in: namespace), for: 1)
    #expect(try devices.get(1)?.interfaceIndex == UInt32(wire.pair.nearIndex))
    #expect(throws: BPFError.self) { try devices.set(Interface("veth1", in: namespace), for: 2) }
    #expect(throws: BPFError.self) { try devices.set(.index(4711, in: namespace), for: 2) }
  }
}
