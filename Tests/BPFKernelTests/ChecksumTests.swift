// SPDX-License-Identifier: Apache-2.0

import BPFKernel
import TestSupport
import Testing

/// Incremental checksums agree with checksums that are computed anew (RFC 1071, RFC 1624).
@Suite struct ChecksumTests {
  /// The checksum of bytes, by the definition.
  private func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) { sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1]) }
    while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
    return ~UInt16(sum)
  }

  private func bytes(of header: IPv4Header) -> [UInt8] { withUnsafeBytes(of: header) { Array($0) } }

  private func randomHeader(_ random: inout SeededRandom) -> IPv4Header {
    var raw = (0..<20).map { _ in UInt8.random(in: 0...255, using: &random) }
    raw[0] = 0x45
    return raw.withUnsafeBytes { $0.loadUnaligned(as: IPv4Header.self) }
  }

  private func zeroed(_ header: IPv4Header) -> [UInt8] {
    var copy = header
    copy.checksum = Checksum(raw: 0)
    return bytes(of: copy)
  }

  @Test func computedIsTheDefinitions() {
    var random = SeededRandom(seed: 1071)
    for _ in 0..<20_000 {
      let header = randomHeader(&random)
      #expect(header.computedChecksum.raw == checksum(zeroed(header)).bigEndian)
    }
  }

  @Test func correctionsAgreeWithComputingAnew() {
    var random = SeededRandom(seed: 1071)
    for _ in 0..<20_000 {
      var header = randomHeader(&random)
      header.checksum = header.computedChecksum
      header.decrementTimeToLive()
      header.setSource(IPv4Address(networkOrder: .random(in: 0 ... .max, using: &random)))
      header.setDestination(IPv4Address(networkOrder: .random(in: 0 ... .max, using: &random)))
      let old = header.totalLength
      header.totalLength = BigEndian(.random(in: 0 ... .max, using: &random))
      header.checksum.update(from: old, to: header.totalLength)
      // A receiver sums the header with its checksum: nothing may be left.
      #expect(checksum(bytes(of: header)) == 0)
    }
  }

  /// RFC 1624's own example: a checksum of 0xdd2f, a word that changes from 0x5555 to 0x3285.
  @Test func theRFCsExample() {
    var checksum = Checksum(raw: UInt16(0xdd2f).bigEndian)
    checksum.update(from: BigEndian<UInt16>(0x5555), to: BigEndian<UInt16>(0x3285))
    #expect(checksum.raw == UInt16(0x0000).bigEndian)
  }
}
