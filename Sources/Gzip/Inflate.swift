// SPDX-License-Identifier: Apache-2.0

/// Decompression by RFC 1951.
enum Inflate {
  /// Decompresses blocks up to the last one.
  static func run(_ input: inout BitReader, into output: inout [UInt8], limit: Int) throws(GzipError) {
    var isLast = false
    while !isLast {
      isLast = try input.bit() == 1
      switch try input.bits(2) {
      case 0: try stored(&input, &output, limit)
      case 1: try compressed(&input, &output, limit, fixedLengths, fixedDistances)
      case 2:
        let (lengths, distances) = try codes(&input)
        try compressed(&input, &output, limit, lengths, distances)
      default: throw .malformed
      }
    }
  }

  private static func stored(_ input: inout BitReader, _ output: inout [UInt8], _ limit: Int) throws(GzipError) {
    let head = Array(try input.wholeBytes(4))
    let count = Int(head[0]) | Int(head[1]) << 8
    guard count ^ 0xffff == Int(head[2]) | Int(head[3]) << 8 else { throw .malformed }
    guard output.count + count <= limit else { throw .tooLarge }
    output += try input.wholeBytes(count)
  }

  private static func compressed(
    _ input: inout BitReader, _ output: inout [UInt8], _ limit: Int, _ lengths: HuffmanCode, _ distances: HuffmanCode
  ) throws(GzipError) {
    while true {
      let symbol = try lengths.symbol(&input)
      if symbol == 256 { return }
      if symbol < 256 {
        guard output.count < limit else { throw .tooLarge }
        output.append(UInt8(symbol))
        continue
      }
      guard symbol - 257 < lengthBases.count else { throw .malformed }
      let length = lengthBases[symbol - 257] + (try input.bits(lengthBits[symbol - 257]))
      let code = try distances.symbol(&input)
      guard code < distanceBases.count else { throw .malformed }
      let distance = distanceBases[code] + (try input.bits(distanceBits[code]))
      guard distance <= output.count else { throw .malformed }
      guard output.count + length <= limit else { throw .tooLarge }
      // The source may overlap what is appended.
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }

  /// The codes of a block that brings its own (section 3.2.7).
  private static func codes(_ input: inout BitReader) throws(GzipError) -> (HuffmanCode, HuffmanCode) {
    let lengthCount = try input.bits(5) + 257
    let distanceCount = try input.bits(5) + 1
    let codeCount = try input.bits(4) + 4
    guard lengthCount <= 286, distanceCount <= 30 else { throw .malformed }
    var codeLengths = [UInt8](repeating: 0, count: 19)
    for index in order.prefix(codeCount) { codeLengths[index] = UInt8(try input.bits(3)) }
    let code = try HuffmanCode(codeLengths)
    var lengths: [UInt8] = []
    while lengths.count < lengthCount + distanceCount {
      let symbol = try code.symbol(&input)
      switch symbol {
      case ..<16: lengths.append(UInt8(symbol))
      case 16:
        guard let last = lengths.last else { throw .malformed }
        lengths += [UInt8](repeating: last, count: 3 + (try input.bits(2)))
      case 17: lengths += [UInt8](repeating: 0, count: 3 + (try input.bits(3)))
      default: lengths += [UInt8](repeating: 0, count: 11 + (try input.bits(7)))
      }
    }
    guard lengths.count == lengthCount + distanceCount, lengths[256] != 0 else { throw .malformed }
    return (try HuffmanCode(Array(lengths[..<lengthCount])), try HuffmanCode(Array(lengths[lengthCount...])))
  }

  /// The order in which code lengths of the code lengths' own code are stored.
  private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
  private static let lengthBits = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let lengthBases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  private static let distanceBits = (0..<30).map { max($0 / 2 - 1, 0) }
  private static let distanceBases = (0..<30).map { $0 < 2 ? $0 + 1 : (2 + $0 % 2) << ($0 / 2 - 1) + 1 }

  private static let fixedLengths = HuffmanCode(
    complete: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
  private static let fixedDistances = HuffmanCode(complete: [UInt8](repeating: 5, count: 32))
}

/// A canonical Huffman code: symbols of the same length have consecutive code words.
struct HuffmanCode {
  private static let longest = 15
  /// How many code words have each length.
  private var counts = [Int](repeating: 0, count: longest + 1)
  /// By code word.
  private var symbols: [Int] = []

  /// - Throws: `malformed` for more code words than there is room for, and for fewer unless it is one word.
  init(_ lengths: [UInt8]) throws(GzipError) {
    self.init(complete: lengths)
    var room = 1
    for length in 1...Self.longest {
      room = room << 1 - counts[length]
      guard room >= 0 else { throw .malformed }
    }
    guard room == 0 || symbols.count <= 1 else { throw .malformed }
  }

  /// A code that is known to be whole.
  init(complete lengths: [UInt8]) {
    for length in lengths { counts[Int(length)] += 1 }
    counts[0] = 0
    for length in 1...Self.longest {
      symbols += lengths.indices.filter { lengths[$0] == length }
    }
  }

  func symbol(_ input: inout BitReader) throws(GzipError) -> Int {
    var code = 0
    var first = 0
    var index = 0
    for length in 1...Self.longest {
      code |= try input.bit()
      let count = counts[length]
      if code - first < count { return symbols[index + code - first] }
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw .malformed
  }
}
