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
}
