// SPDX-License-Identifier: Apache-2.0

import BPF
import Glibc
import TestSupport
import Testing

/// The C library reads and writes addresses too: both must agree on every text.
@Suite(.sameOnEveryKernel) struct AddressTests {
  static func c4(_ text: String) -> UInt32? {
    var address = in_addr()
    return inet_pton(AF_INET, text, &address) == 1 ? address.s_addr : nil
  }

  static func c6(_ text: String) -> [UInt8]? {
    var address = in6_addr()
    guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
    return withUnsafeBytes(of: address) { Array($0) }
  }

  static let v4Texts = [
    "0.0.0.0", "127.0.0.1", "255.255.255.255", "10.1.2.3", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ",
    "", "a.b.c.d", "1..2.3", "+1.2.3.4", "1.2.3.-4", "00.0.0.0",
  ]

  @Test(arguments: v4Texts)
  func ipv4ReadsWhatTheCLibraryReads(text: String) {
    #expect(IPv4Address(text)?.networkOrder == Self.c4(text))
  }

  static let v6Texts = [
    "::", "::1", "1::", "2001:db8::1", "2001:db8:0:0:1:0:0:1", "fe80::1:2:3:4", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::ffff:10.0.0.1", "64:ff9b::1.2.3.4",
    "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4::", "::1::", ":::", ":1", "1:", "12345::", "g::",
    "", "::+1", "1:2:3:4::5:6:7:8", "0:0:0:0:0:0:0:0", "::1%lo", "ABCD::EF01",
  ]

  @Test(arguments: v6Texts)
  func ipv6ReadsWhatTheCLibraryReads(text: String) {
    let bytes = IPv6Address(text).map { address in withUnsafeBytes(of: address) { Array($0) } }
    #expect(bytes == Self.c6(text))
  }

  @Test func ipv6WritesShortestForm() throws {
    for seed in 0..<2000 as Range<UInt64> {
      // Few distinct groups, so that runs of zeros of every length and place occur.
      var state = (seed &+ 1) &* 0x9e37_79b9_7f4a_7c15
      let groups = InlineArray<8, UInt16> { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1
        return state >> 62 == 0 ? UInt16(truncatingIfNeeded: state >> 40) : 0
      }
      let address = IPv6Address(groups: groups)
      #expect(IPv6Address(address.description) == address)
      var text = [CChar](repeating: 0, count: 46)
      var raw = address
      inet_ntop(AF_INET6, &raw, &text, 46)
      let expected = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
      if !expected.contains(".") { #expect(address.description == expected) }
    }
  }

  @Test func layoutsAreThoseOfTheKernel() {
    #expect(MemoryLayout<IPv4Address>.size == 4)
    #expect(MemoryLayout<IPv6Address>.size == 16)
    #expect(MemoryLayout<IPv6Address>.alignment == 4)
    #expect(MemoryLayout<LPMKey<IPv6Address>>.size == 20)
    withUnsafeBytes(of: IPv4Address(1, 2, 3, 4)) { #expect(Array($0) == [1, 2, 3, 4]) }
    withUnsafeBytes(of: BigEndian<UInt16>(443)) { #expect(Array($0) == [1, 187]) }
    #expect(BigEndian<UInt32>(7).value == 7)
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.0.0.0/8"), ("10.0.0.1", "10.0.0.1/32"), ("10.0.0.0/33", nil), ("10/8", nil), ("/8", nil),
    ("10.0.0.0/", nil), ("10.0.0.0/-1", nil),
  ])
  func prefixes(text: String, expected: String?) {
    #expect(LPMKey<IPv4Address>(text)?.description == expected)
  }
}
