// SPDX-License-Identifier: Apache-2.0

/// Frames to run programs on. Checksums are those of the headers, payloads are zeroes.
enum Packets {
  static let ipv4: UInt16 = 0x0800
  static let ipv6: UInt16 = 0x86dd
  static let tcp: UInt8 = 6
  static let udp: UInt8 = 17

  static func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }

  static func ethernet(_ type: UInt16, tags: [UInt16] = []) -> [UInt8] {
    var frame: [UInt8] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]
    for tag in tags { frame += word(tag) + [0, 5] }
    return frame + word(type)
  }

  static func ipv4(
    _ source: [UInt8], _ destination: [UInt8], _ transport: UInt8, _ payload: [UInt8], options: Int = 0
  ) -> [UInt8] {
    let length = 20 + options
    var header: [UInt8] =
      [0x40 | UInt8(length / 4), 0] + word(UInt16(length + payload.count)) + [0, 1, 0, 0, 64, transport, 0, 0]
    header += source + destination + [UInt8](repeating: 1, count: options)
    let sum = stride(from: 0, to: length, by: 2).reduce(UInt32(0)) {
      $0 + UInt32(header[$1]) << 8 + UInt32(header[$1 + 1])
    }
    let folded = ~UInt16((sum & 0xffff) + sum >> 16)
    header.replaceSubrange(10..<12, with: word(folded))
    return header + payload
  }

  static func ipv6(_ source: [UInt8], next: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let destination: [UInt8] = [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [2]
    return [0x60, 0, 0, 0] + word(UInt16(payload.count)) + [next, 64] + source + destination + payload
  }

  static func udp(_ source: UInt16, _ destination: UInt16) -> [UInt8] {
    word(source) + word(destination) + word(40) + [0x12, 0x34] + [UInt8](repeating: 0, count: 32)
  }

  static func tcp(_ source: UInt16, _ destination: UInt16) -> [UInt8] {
    word(source) + word(destination) + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x10, 1, 0, 0x12, 0x34, 0, 0]
      + [UInt8](repeating: 0, count: 32)
  }

  /// An extension header of eight bytes, or of a fragment.
  static func ipv6Extension(next: UInt8) -> [UInt8] { [next, 0, 0, 0, 0, 0, 0, 0] }

  /// Each packet cut everywhere, and many with a few bytes changed: always the same ones.
  static func variations(of packets: [[UInt8]], from length: Int) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var state: UInt64 = 1
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for packet in packets {
      for end in length...packet.count { result.append(Array(packet.prefix(end))) }
      for _ in 0..<500 {
        var changed = packet
        for _ in 0...random(3) { changed[12 + random(changed.count - 12)] = UInt8(random(256)) }
        result.append(changed)
      }
    }
    return result
  }
}
