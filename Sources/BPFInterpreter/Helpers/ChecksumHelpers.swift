// SPDX-License-Identifier: Apache-2.0

// Helpers on Internet checksums (RFC 1071, RFC 1624).
extension Execution {
  static let checksumHelpers: [(String, HelperBody)] = [
    ("csum_diff", { try $0.checksumDifference() }),
    ("l3_csum_replace", { try $0.replace(isTransport: false) }),
    ("l4_csum_replace", { try $0.replace(isTransport: true) }),
    // The socket buffer's own checksum: nothing here shows it.
    ("csum_update", { $0.argument(2) }),
    ("csum_level", { _ in 0 }),
    ("set_hash_invalid", { _ in 0 }),
  ]

  /// The ones' complement sum of words in memory order, not folded.
  private func sum(_ bytes: UnsafeRawBufferPointer, inverted: Bool, onto start: UInt64) -> UInt64 {
    var sum = start
    for offset in stride(from: 0, to: bytes.count, by: 4) {
      let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      sum += UInt64(inverted ? ~word : word)
    }
    return sum
  }

  private func fold32(_ sum: UInt64) -> UInt64 {
    var sum = sum
    while sum >> 32 != 0 { sum = (sum & 0xffff_ffff) + sum >> 32 }
    return sum
  }

  private func fold16(_ sum: UInt64) -> UInt16 {
    var sum = sum
    while sum >> 16 != 0 { sum = (sum & 0xffff) + sum >> 16 }
    return UInt16(sum)
  }

  private func checksumDifference() throws(InterpreterError) -> UInt64 {
    let (fromSize, toSize) = (word(2), word(4))
    guard fromSize % 4 == 0, toSize % 4 == 0, fromSize + toSize <= 512 else { return answer(.invalid) }
    let from = try input(argument(1), fromSize)
    let to = try input(argument(3), toSize)
    let total = sum(to, inverted: false, onto: sum(from, inverted: true, onto: word(5)))
    return UInt64(fold16(fold32(total)))
  }

  /// Changes a checksum in the packet for a field that changes from one value to another.
  private func replace(isTransport: Bool) throws(InterpreterError) -> UInt64 {
    let packet = try packet()
    let (offset, from, to, flags) = (word(2), argument(3), argument(4), argument(5))
    // BPF_F_HDR_FIELD_MASK, and BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE
    let allowed: UInt64 = isTransport ? 0xf | 0x70 : 0xf
    guard flags & ~allowed == 0 else { return answer(.invalid) }
    guard offset <= 0xffff, offset % 2 == 0, let place = packet.pointer(space, Int(offset), 2) else {
      return answer(.badAddress)
    }
    let old = place.loadUnaligned(as: UInt16.self)
    // BPF_F_MARK_MANGLED_0: UDP without a checksum stays without.
    if isTransport, flags & 0x20 != 0, flags & 0x40 == 0, old == 0 { return 0 }
    var total = UInt64(~old)
    switch flags & 0xf {
    case 0:
      guard from == 0 else { return answer(.invalid) }
      total += to & 0xffff_ffff
    case 2: total += UInt64(~UInt16(truncatingIfNeeded: from)) + UInt64(UInt16(truncatingIfNeeded: to))
    case 4: total += UInt64(~UInt32(truncatingIfNeeded: from)) + UInt64(UInt32(truncatingIfNeeded: to))
    default: return answer(.invalid)
    }
    var new = ~fold16(fold32(total))
    if isTransport, flags & 0x20 != 0, new == 0 { new = 0xffff }
    place.storeBytes(of: new, as: UInt16.self)
    return 0
  }
}
