// SPDX-License-Identifier: Apache-2.0

/// What in arguments and environment variables is a secret.
///
/// `{}` stands for the secret, `*` for any text, everything else for itself, whether in capitals or not:
///
///     --password={}      hunter2 of --password=hunter2
///     --password {}      the argument behind --password
///     *://*:{}@*         the password in an address
///     *_TOKEN={}         the value of variables, and of arguments such as API_TOKEN=x
///
/// Of texts that fit in several ways, as much as can be is a secret.
public struct RedactionPattern: Sendable, Hashable {
  /// A pattern that says nothing, or not what is a secret.
  public struct Mistake: Error, CustomStringConvertible {
    public let description: String
  }

  /// What stands in the place of a secret.
  public static let replacement = "***"

  public let text: String
  /// The whole argument in front, if the secret is in the one behind.
  let option: [UInt8]?
  let before: [UInt8]
  let after: [UInt8]

  public init(_ text: String) throws(Mistake) {
    self.text = text
    let words = text.split(separator: " ")
    guard (1...2).contains(words.count), let last = words.last else {
      throw Mistake(description: "a pattern is one word, or an option and what stands behind it")
    }
    let parts = Array(last.utf8).split(separator: Array("{}".utf8), omittingEmptySubsequences: false)
    guard parts.count == 2, words.count == 1 || !words[0].contains("{}") else {
      throw Mistake(description: "a pattern has {} once, in its last word, where the secret stands")
    }
    guard words.count == 2 || !parts[0].isEmpty || !parts[1].isEmpty else {
      throw Mistake(description: "the pattern {} would hide all arguments: say what stands before or behind the secret")
    }
    option = words.count == 2 ? Self.lowercased(Array(words[0].utf8)) : nil
    (before, after) = (Self.lowercased(Array(parts[0])), Self.lowercased(Array(parts[1])))
  }

  /// Where the secret lies in a text.
  ///
  /// - Parameters:
  ///   - previous: the argument in front of it; empty where there is none.
  ///   - isCut: whether the text goes on: what stands behind the secret may be there.
  func secret(in text: RawSpan, after previous: RawSpan, isCut: Bool) -> Range<Int>? {
    if let option {
      guard Self.ends(option, of: previous).last == previous.byteCount else { return nil }
    }
    guard let start = Self.ends(before, of: text).first else { return nil }
    if isCut { return start..<text.byteCount }
    // From behind, the pattern and the text.
    let count = text.byteCount
    let distance = Self.ends(Array(after.reversed()), of: text, isReversed: true).first { start <= count - $0 }
    return distance.map { start..<count - $0 }
  }

  /// How many bytes of a text's begin a pattern can stand for, the fewest first.
  private static func ends(_ pattern: [UInt8], of text: RawSpan, isReversed: Bool = false) -> [Int] {
    let count = text.byteCount
    var reached = [0]
    for byte in pattern {
      if byte == star {
        guard let first = reached.first else { return [] }
        reached = Array(first...count)
      } else {
        reached = reached.compactMap { position in
          guard position < count else { return nil }
          let at = isReversed ? count - 1 - position : position
          return lowercased(text.unsafeLoad(fromByteOffset: at, as: UInt8.self)) == byte ? position + 1 : nil
        }
      }
      if reached.isEmpty { return [] }
    }
    return reached
  }

  private static let star = UInt8(ascii: "*")

  private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

  private static func lowercased(_ bytes: [UInt8]) -> [UInt8] { bytes.map(lowercased) }
}

/// Replaces the secrets of a list of texts, each with a zero byte behind it.
struct Redaction: Sendable {
  private let patterns: [RedactionPattern]

  init(_ patterns: [RedactionPattern]) { self.patterns = patterns }

  /// Calls `body` with the list without its secrets.
  ///
  /// - Parameter isCut: whether the list goes on behind its end.
  func withRedacted<Result>(_ list: RawSpan, isCut: Bool, _ body: (RawSpan) -> Result) -> Result {
    if patterns.isEmpty { return body(list) }
    var result: [UInt8] = []
    var previous = 0..<0
    var start = 0
    while start < list.byteCount {
      let end = (start..<list.byteCount).first { list.unsafeLoad(fromByteOffset: $0, as: UInt8.self) == 0 }
      let range = start..<(end ?? list.byteCount)
      append(list.extracting(range), after: list.extracting(previous), isCut: isCut && end == nil, to: &result)
      if end != nil { result.append(0) }
      previous = range
      start = range.upperBound + 1
    }
    return body(result.span.bytes)
  }

  private func append(_ text: RawSpan, after previous: RawSpan, isCut: Bool, to result: inout [UInt8]) {
    let secrets = patterns.compactMap { $0.secret(in: text, after: previous, isCut: isCut) }
      .sorted { $0.lowerBound < $1.lowerBound }
    var position = 0
    for secret in secrets {
      if secret.lowerBound >= position {
        text.extracting(position..<secret.lowerBound).withUnsafeBytes { result.append(contentsOf: $0) }
        result += Array(RedactionPattern.replacement.utf8)
      }
      position = max(position, secret.upperBound)
    }
    text.extracting(position..<text.byteCount).withUnsafeBytes { result.append(contentsOf: $0) }
  }
}
