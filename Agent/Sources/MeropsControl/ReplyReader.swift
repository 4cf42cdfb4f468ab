// SPDX-License-Identifier: Apache-2.0

/// Takes a reply of HTTP/1.1 apart as it arrives: the head, then a body of a given length or in chunks (RFC 9112).
struct ReplyReader {
  private enum State {
    case head
    case body(left: Int)
    case chunkSize
    case chunk(left: Int)
    case chunkEnd
    case trailer
    case done
  }

  private var state = State.head
  private var rest: [UInt8] = []
  /// The status code; 0 before it came.
  private(set) var status = 0

  var isComplete: Bool { if case .done = state { true } else { false } }

  /// - Returns: pieces of the body.
  mutating func read(_ bytes: [UInt8]) throws(ControlError) -> [[UInt8]] {
    rest += bytes
    var pieces: [[UInt8]] = []
    var offset = 0
    defer { rest.removeFirst(offset) }
    while true {
      switch state {
      case .head:
        guard let line = try line(&offset) else { return pieces }
        try readHead(line)
      case .chunkSize:
        guard let line = try line(&offset) else { return pieces }
        let digits = line.prefix { $0 != ";" }.filter { $0 != " " }
        guard let size = Int(digits, radix: 16), size >= 0 else { throw Self.damaged }
        state = size == 0 ? .trailer : .chunk(left: size)
      case .chunkEnd:
        guard try line(&offset) != nil else { return pieces }
        state = .chunkSize
      case .trailer:
        guard let line = try line(&offset) else { return pieces }
        if line.isEmpty { state = .done }
      case .body(let left):
        if left == 0 {
          state = .done
        } else if let piece = take(left, &offset) {
          pieces.append(piece)
          state = .body(left: left - piece.count)
        } else {
          return pieces
        }
      case .chunk(let left):
        guard let piece = take(left, &offset) else { return pieces }
        pieces.append(piece)
        state = left == piece.count ? .chunkEnd : .chunk(left: left - piece.count)
      case .done: return pieces
      }
    }
  }

  private var isChunked = false
  private var length = 0

  private mutating func readHead(_ line: String) throws(ControlError) {
    if status == 0 {
      let words = line.split(separator: " ")
      guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let code = Int(words[1]) else { throw Self.damaged }
      status = code
    } else if line.isEmpty {
      state = isChunked ? .chunkSize : .body(left: length)
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...].filter { $0 != " " }.lowercased()
      switch line[..<colon].lowercased() {
      case "content-length":
        guard let number = Int(value), number >= 0 else { throw Self.damaged }
        length = number
      case "transfer-encoding": isChunked = value.hasSuffix("chunked")
      default: break
      }
    }
  }

  /// The next line without its end.
  private func line(_ offset: inout Int) throws(ControlError) -> String? {
    guard let end = rest[offset...].firstIndex(of: UInt8(ascii: "\n")) else {
      guard rest.count - offset < 64 << 10 else { throw Self.damaged }
      return nil
    }
    var line = rest[offset..<end]
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    offset = end + 1
    return String(decoding: line, as: UTF8.self)
  }

  private func take(_ count: Int, _ offset: inout Int) -> [UInt8]? {
    let piece = rest[offset...].prefix(count)
    offset += piece.count
    return piece.isEmpty ? nil : Array(piece)
  }

  private static let damaged = ControlError(status: 502, message: "What answers at the socket does not speak HTTP/1.1.")
}
