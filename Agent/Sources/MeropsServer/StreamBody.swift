// SPDX-License-Identifier: Apache-2.0

import FlyingSocks
import MeropsControl

/// A ``ByteStream`` as FlyingFox wants a body. The stream is cancelled when the last reference to the body goes: at its end,
/// or because the connection broke.
final class StreamBody: AsyncBufferedSequence, Sendable {
  typealias Element = UInt8

  private let stream: ByteStream

  init(_ stream: ByteStream) { self.stream = stream }

  deinit { stream.cancel() }

  func makeAsyncIterator() -> Iterator { Iterator(body: self) }

  struct Iterator: AsyncBufferedIteratorProtocol {
    fileprivate let body: StreamBody

    mutating func next() async throws -> UInt8? { try await nextBuffer(suggested: 1)?.first }

    mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
      // An empty chunk would end the body.
      while let bytes = await body.stream.next() {
        if !bytes.isEmpty { return bytes }
      }
      return nil
    }
  }
}

extension ByteStream {
  /// The lines of the stream as server-sent events, whose name is the line's `event`.
  var asServerSentEvents: ByteStream {
    ByteStream(
      next: {
        guard let bytes = await next() else { return nil }
        return ServerSentEvents.text(bytes)
      }, cancel: cancel)
  }
}

enum ServerSentEvents {
  /// Lines become `data: LINE`; an empty line, which keeps a connection alive, becomes a comment.
  static func text(_ lines: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(lines.count + lines.count / 16)
    for line in lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
      result += line.isEmpty ? comment : data
      result += line
      result += end
    }
    return result
  }

  private static let data = Array("data: ".utf8)
  private static let comment = Array(":".utf8)
  private static let end = Array("\n\n".utf8)
}
