// SPDX-License-Identifier: Apache-2.0

/// A network packet for a test, put together from its layers; types, lengths and checksums follow from them.
///
///     Packet(.ethernet(), .vlan(5), .ipv4(from: "10.0.0.9", to: "10.0.0.1"), .udp(from: 4000, to: 53), .payload([1]))
public struct Packet: Sendable {
  public enum Layer: Sendable {
    case ethernet(from: [UInt8] = [2, 0, 0, 0, 0, 1], to: [UInt8] = [2, 0, 0, 0, 0, 2])
    /// `type` is 0x8100 for a customer tag and 0x88a8 for a service (outer) tag.
    case vlan(_ id: UInt16, type: UInt16 = 0x8100)
    /// `options` are padded to a multiple of four bytes. A `fragment` other than 0 has no transport header.
    case ipv4(
      from: String, to: String, options: [UInt8] = [], ttl: UInt8 = 64, fragment: UInt16 = 0, transport: UInt8? = nil)
    case ipv6(from: [UInt16], to: [UInt16], hopLimit: UInt8 = 64)
    case tcp(from: UInt16, to: UInt16, flags: UInt8 = 0x02, sequence: UInt32 = 1)
    case udp(from: UInt16, to: UInt16)
    case icmpEcho(id: UInt16 = 1, sequence: UInt16 = 1)
    case payload(_ bytes: [UInt8])
  }

  public let bytes: [UInt8]

  public init(_ layers: Layer...) { self.init(layers) }

  public init(_ layers: [Layer]) {
    var bytes: [UInt8] = []
    for (index, layer) in layers.enumerated().reversed() {
      let below = layers[..<index].reversed().first { $0.isNetwork }
      let above = layers.dropFirst(index + 1).first
      bytes = layer.header(above: above, below: below, body: bytes) + bytes
    }
    self.bytes = bytes
  }
}

extension Packet.Layer {
  fileprivate var isNetwork: Bool {
    switch self {
    case .ipv4, .ipv6: true
    default: false
    }
  }

  /// What the layer below calls this one.
  private var etherType: UInt16 {
    switch self {
    case .vlan(_, let type): type
    case .ipv4: 0x0800
    case .ipv6: 0x86dd
    default: 0x88b5  // for local experiments
    }
  }

  private func protocolNumber(_ below: Packet.Layer) -> UInt8 {
    switch (self, below) {
    case (.tcp, _): 6
    case (.udp, _): 17
    case (.icmpEcho, .ipv6): 58
    case (.icmpEcho, _): 1
    default: 253  // for experiments
    }
  }

  fileprivate func header(above: Packet.Layer?, below: Packet.Layer?, body: [UInt8]) -> [UInt8] {
    var header: [UInt8] = []
    switch self {
    case .ethernet(let from, let to):
      header.append(to, from)
      header.append(above?.etherType ?? 0x88b5)
    case .vlan(let id, _):
      header.append(id)
      header.append(above?.etherType ?? 0x88b5)
    case .ipv4(let from, let to, let options, let ttl, let fragment, let transport):
      let padded = options + [UInt8](repeating: 0, count: (4 - options.count % 4) % 4)
      let next = transport ?? above?.protocolNumber(self) ?? 253
      header.append([0x45 + UInt8(padded.count / 4), 0])
      header.append(UInt16(20 + padded.count + body.count))
      header.append(0x1234 as UInt16)
      header.append(fragment)
      header.append([ttl, next, 0, 0], addressBytes(from), addressBytes(to), padded)
      header.setChecksum(at: 10, over: header)
    case .ipv6(let from, let to, let hopLimit):
      header.append([0x60, 0, 0, 0])
      header.append(UInt16(body.count))
      header.append([above?.protocolNumber(self) ?? 59, hopLimit], addressBytes(from), addressBytes(to))
    case .tcp(let from, let to, let flags, let sequence):
      header.append(from)
      header.append(to)
      header.append(UInt16(sequence >> 16))
      header.append(UInt16(truncatingIfNeeded: sequence))
      header.append([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0])
      header.setChecksum(at: 16, over: pseudoHeader(below, 20 + body.count) + header + body)
    case .udp(let from, let to):
      header.append(from)
      header.append(to)
      header.append(UInt16(8 + body.count))
      header.append(0 as UInt16)
      header.setChecksum(at: 6, over: pseudoHeader(below, 8 + body.count) + header + body, zero: 0xffff)
    case .icmpEcho(let id, let sequence):
      var isVersion6 = false
      if case .ipv6? = below { isVersion6 = true }
      header.append([isVersion6 ? 128 : 8, 0, 0, 0])
      header.append(id)
      header.append(sequence)
      let pseudo = isVersion6 ? pseudoHeader(below, 8 + body.count) : []
      header.setChecksum(at: 2, over: pseudo + header + body)
    case .payload(let bytes):
      header = bytes
    }
    return header
  }

  /// What TCP and UDP checksums cover of the layer below (RFC 793, RFC 8200 §8.1).
  private func pseudoHeader(_ below: Packet.Layer?, _ length: Int) -> [UInt8] {
    var header: [UInt8] = []
    switch below {
    case .ipv4(let from, let to, _, _, _, _)?:
      header.append(addressBytes(from), addressBytes(to), [0, protocolNumber(below ?? self)])
      header.append(UInt16(length))
    case .ipv6(let from, let to, _)?:
      header.append(addressBytes(from), addressBytes(to), [0, 0])
      header.append(UInt16(length))
      header.append([0, 0, 0, protocolNumber(below ?? self)])
    default: break
    }
    return header
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ value: UInt16) {
    append(UInt8(value >> 8))
    append(UInt8(value & 0xff))
  }

  fileprivate mutating func append(_ parts: [UInt8]...) {
    for part in parts { append(contentsOf: part) }
  }

  fileprivate mutating func setChecksum(at offset: Int, over covered: [UInt8], zero: UInt16 = 0) {
    let sum = checksum(covered)
    let value = sum == 0 ? zero : sum
    self[offset] = UInt8(value >> 8)
    self[offset + 1] = UInt8(value & 0xff)
  }
}

private func addressBytes(_ text: String) -> [UInt8] {
  let parts = text.split(separator: ".").map { UInt8($0) ?? 0 }
  return parts.count == 4 ? parts : [0, 0, 0, 0]
}

private func addressBytes(_ groups: [UInt16]) -> [UInt8] {
  groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
}

/// The Internet checksum (RFC 1071).
public func checksum(_ bytes: [UInt8]) -> UInt16 {
  var sum: UInt32 = 0
  for index in stride(from: 0, to: bytes.count, by: 2) {
    let low = index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0
    sum += UInt32(bytes[index]) << 8 | low
  }
  while sum >> 16 != 0 { sum = (sum & 0xffff) + (sum >> 16) }
  return ~UInt16(sum)
}
