// SPDX-License-Identifier: Apache-2.0
import BPF
import TestSupport
import Testing

/// `bpf/own_types.bpf.swift`: addresses, ports and text of a probe in Swift are the library's types here.
@Suite(.requires(.root), .requires(kernel: "5.10")) struct OwnTypesTests {
  @Test func probeAndApplicationHaveTheSameTypes() throws {
    let own = try OwnTypes.load()
    let gateway = IPv4Address(192, 0, 2, 1)
    let mac = MACAddress(2, 0, 0, 0xe9, 0xff, 1)
    let look = try own.look.program()
    #expect(try look.testRun(data: [UInt8](repeating: 0, count: 64)).returnValue == 1)

    own.globals.gateway = gateway
    try own.neighbors.set(mac, for: gateway)
    #expect(try own.neighbors.get(gateway) == mac)
    #expect(try look.testRun(data: [UInt8](repeating: 0, count: 64)).returnValue == 2)
    let seen = try #require(try own.seen.next(timeout: .zero))
    #expect(seen.address == gateway && seen.mac == mac && seen.port == 443 && seen.flow == 7 && seen.nameText == "b")
    #expect(seen.address6 == IPv6Address("2001:db8::1"))
  }

  /// A probe's tunables of any plain type: what it declares, and what the application sets.
  @Test func tunablesOfAnyPlainType() throws {
    let packet = [UInt8](repeating: 0, count: 64)
    let own = try OwnTypes.load()
    #expect(own.globals.port == 8080 && own.globals.router == IPv6Address("fe80::1"))
    #expect(try own.tunables.program().testRun(data: packet).returnValue == 2)
    let service = try #require(try own.services.get(8080))
    #expect(service.address == IPv4Address(192, 0, 2, 80) && service.port == 443 && service.isOpen)
    #expect(try own.routers.get(#require(IPv6Address("fe80::1"))) == 7)

    let opened = try OwnTypes.open()
    #expect(opened.globals.service.address == IPv4Address(192, 0, 2, 80))
    opened.globals.service.address = IPv4Address(10, 0, 0, 1)
    opened.globals.service.isOpen = false
    opened.globals.port = 53
    try opened.collection.setGlobal("router", to: IPv6Address.loopback)
    let set = try opened.load()
    #expect(try set.tunables.program().testRun(data: packet).returnValue == 1)
    let other = try #require(try set.services.get(53))
    #expect(other.address == IPv4Address(10, 0, 0, 1) && other.port == 443 && !other.isOpen)
    #expect(try set.routers.get(.loopback) == 7)
  }
}
