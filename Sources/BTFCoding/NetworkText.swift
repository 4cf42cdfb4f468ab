// SPDX-License-Identifier: Apache-2.0

/// Internet and hardware addresses as people write them, in network byte order.
enum NetworkText {
  /// An address whose size is as wanted, or any address: IPv4 (4 bytes), MAC (6), IPv6 (16).
  static func address(_ text: String, size: Int?) -> [UInt8]? {
    let address = ipv4(text) ?? mac(text) ?? ipv6(text)
    return size == nil || address?.count == size ? address : nil
  }

  /// An address of 4, 6 or 16 bytes as text; IPv6 as RFC 5952 has it.
  static func text(_ bytes: UnsafeRawBufferPointer) -> String? {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { room in
      guard let start = room.baseAddress else { return nil }
      var output = JSONOutput(start)
      output.address(bytes)
      let count = output.end - start
      return count == 0 ? nil : String(decoding: room[..<count], as: UTF8.self)
    }
  }

  /// `10.0.0.1`: four decimal numbers without leading zeros (which some readers take for octal).
  static func ipv4(_ text: some StringProtocol) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      guard part.utf8.allSatisfy({ (48...57).contains($0) }), part == "0" || part.first != "0", let byte = UInt8(part)
      else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  /// `52:54:00:12:34:56`
  static func mac(_ text: String) -> [UInt8]? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 6 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      guard part.utf8.count == 2, let byte = hex(part) else { return nil }
      bytes.append(UInt8(byte))
    }
    return bytes
  }

  /// `fe80::1`, `::ffff:10.0.0.1` (RFC 4291 §2.2)
  static func ipv6(_ text: String) -> [UInt8]? {
    let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
    guard halves.count <= 2, text.contains(":") else { return nil }
    guard let head = groups(halves[0], isLast: halves.count == 1) else { return nil }
    guard halves.count == 2 else { return head.count == 16 ? head : nil }
    guard let tail = groups(halves[1], isLast: true), head.count + tail.count <= 14 else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  private static func groups(_ text: Substring, isLast: Bool) -> [UInt8]? {
    if text.isEmpty { return [] }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var bytes: [UInt8] = []
    for (index, part) in parts.enumerated() {
      if isLast, index == parts.count - 1, let embedded = ipv4(part) {
        bytes += embedded
        continue
      }
      guard 1...4 ~= part.utf8.count, let group = hex(part) else { return nil }
      bytes += [UInt8(group >> 8), UInt8(group & 0xff)]
    }
    return bytes
  }

  private static func hex(_ text: Substring) -> UInt16? {
    guard text.utf8.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }) else { return nil }
    return UInt16(text, radix: 16)
  }
}
