// SPDX-License-Identifier: Apache-2.0

/// SHA-256, as `sha256sum` prints it: what names the content of policies.
///
/// Source: FIPS 180-4.
public struct ContentHash {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var block: [UInt8] = []
  private var count: UInt64 = 0

  public init() {}

  /// The hash of some bytes, in hexadecimal digits.
  public static func text(_ bytes: some Sequence<UInt8>) -> String {
    var hash = ContentHash()
    hash.append(bytes)
    return hash.text
  }

  public mutating func append(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      block.append(byte)
      count += 1
      if block.count == 64 {
        mix()
        block.removeAll(keepingCapacity: true)
      }
    }
  }

  /// The hash of what was appended, in hexadecimal digits.
  public var text: String {
    var last = self
    let bits = count * 8
    last.append([0x80])
    while last.block.count != 56 { last.append([0]) }
    last.append((0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) })
    return last.state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  private mutating func mix() {
    func turned(_ word: UInt32, _ bits: UInt32) -> UInt32 { word >> bits | word << (32 - bits) }
    var words = (0..<16).map { index in
      block[4 * index..<4 * index + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    for index in 16..<64 {
      let (a, b) = (words[index - 15], words[index - 2])
      let first = turned(a, 7) ^ turned(a, 18) ^ a >> 3
      let second = turned(b, 17) ^ turned(b, 19) ^ b >> 10
      words.append(words[index - 16] &+ first &+ words[index - 7] &+ second)
    }
    var s = state
    for index in 0..<64 {
      let first = turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25)
      let choice = s[4] & s[5] ^ ~s[4] & s[6]
      let one = s[7] &+ first &+ choice &+ Self.constants[index] &+ words[index]
      let second = turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22)
      let majority = s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2]
      s = [one &+ second &+ majority, s[0], s[1], s[2], s[3] &+ one, s[4], s[5], s[6]]
    }
    for index in 0..<8 { state[index] = state[index] &+ s[index] }
  }

  /// The fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = {
    var primes: [UInt64] = []
    var candidate: UInt64 = 2
    while primes.count < 64 {
      if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
      candidate += 1
    }
    return primes.map { prime in
      // The greatest number whose cube is at most the prime times 2^96: the root with 32 bits behind the point.
      var root: UInt128 = 0
      let limit = UInt128(prime) << 96
      for bit in (0..<36).reversed() {
        let next = root | 1 << UInt128(bit)
        if next * next * next <= limit { root = next }
      }
      return UInt32(truncatingIfNeeded: root)
    }
  }()
}
