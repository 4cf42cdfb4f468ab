// SPDX-License-Identifier: Apache-2.0

import BPFKernel
import Testing

/// Headers, addresses and structures have the kernel's sizes: they are laid over packets and map values.
@Suite struct LayoutTests {
  @Test func headersHaveTheSizesOfTheirRFCs() {
    #expect(MemoryLayout<EthernetHeader>.size == 14)
    #expect(MemoryLayout<VLANHeader>.size == 4)
    #expect(MemoryLayout<IPv4Header>.size == 20)
    #expect(MemoryLayout<IPv6Header>.size == 40)
    #expect(MemoryLayout<TCPHeader>.size == 20)
    #expect(MemoryLayout<UDPHeader>.size == 8)
    #expect(MemoryLayout<ICMPHeader>.size == 8)
    #expect(MemoryLayout<MACAddress>.size == 6)
    #expect(MemoryLayout<IPv4Address>.size == 4)
    #expect(MemoryLayout<IPv6Address>.size == 16)
    #expect(MemoryLayout<FixedString<16>>.size == 16)
  }

  /// The sizes that the kernel checks: `include/uapi/linux/bpf.h`.
  @Test func structuresHaveTheKernelsSizes() {
    #expect(MemoryLayout<bpf_fib_lookup>.size == 64)
    #expect(MemoryLayout<bpf_sock_tuple>.size == 36)
    #expect(MemoryLayout<bpf_redir_neigh>.size == 20)
    #expect(MemoryLayout<bpf_tunnel_key>.size == 44)
    #expect(MemoryLayout<bpf_xfrm_state>.size == 28)
    #expect(MemoryLayout<bpf_perf_event_value>.size == 24)
    #expect(MemoryLayout<bpf_spin_lock>.size == 4)
    #expect(MemoryLayout<bpf_timer>.size == 16)
    #expect(MemoryLayout<bpf_dynptr>.size == 16)
  }

  @Test func addressesLieInNetworkOrder() {
    #expect(withUnsafeBytes(of: IPv4Address(192, 0, 2, 7)) { Array($0) } == [192, 0, 2, 7])
    #expect(withUnsafeBytes(of: MACAddress(1, 2, 3, 4, 5, 6)) { Array($0) } == [1, 2, 3, 4, 5, 6])
    let address = IPv6Address(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)
    #expect(withUnsafeBytes(of: address) { Array($0) } == [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    #expect(withUnsafeBytes(of: BigEndian<UInt16>(443)) { Array($0) } == [1, 187])
    #expect(BigEndian<UInt32>(0x0102_0304).value == 0x0102_0304)
  }

  @Test(arguments: [
    (IPv4Address(10, 1, 2, 3), IPv4Address(10, 0, 0, 0), UInt32(8), true),
    (IPv4Address(11, 1, 2, 3), IPv4Address(10, 0, 0, 0), 8, false),
    (IPv4Address(192, 0, 2, 129), IPv4Address(192, 0, 2, 128), 25, true),
    (IPv4Address(192, 0, 2, 127), IPv4Address(192, 0, 2, 128), 25, false),
    (IPv4Address(1, 2, 3, 4), IPv4Address(1, 2, 3, 4), 32, true),
    (IPv4Address(1, 2, 3, 5), IPv4Address(1, 2, 3, 4), 32, false),
    (IPv4Address(1, 2, 3, 5), IPv4Address(9, 9, 9, 9), 0, true),
  ])
  func networksHoldTheirAddresses(address: IPv4Address, network: IPv4Address, length: UInt32, isIn: Bool) {
    #expect(address.isIn(network, prefixLength: length) == isIn)
  }
}
