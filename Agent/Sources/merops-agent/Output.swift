// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Standard output and error. A pipe whose reader has left ends the command without a word.
enum Output {
  static func line(_ text: String) { bytes(Array((text + "\n").utf8)) }

  static func lines(_ lines: [String]) { if !lines.isEmpty { text(lines.joined(separator: "\n") + "\n") } }

  /// One line of JSON, with names as the agent's interface writes them.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    line(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  static func text(_ text: String) { bytes(Array(text.utf8)) }

  /// A remark for the person at the terminal, which must not mix with the output.
  static func note(_ text: String) { write(Array((text + "\n").utf8), to: STDERR_FILENO) }

  static func bytes(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

  private static func write(_ bytes: [UInt8], to descriptor: CInt) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&waiting, 1, -1)
      } else if errno != EINTR {
        guard descriptor == STDOUT_FILENO else { return }
        fail(errno)
      }
    }
  }

  private static func fail(_ error: CInt) -> Never {
    FullScreen.leave()
    if error == EPIPE {
      signal(SIGPIPE, SIG_DFL)
      raise(SIGPIPE)
    }
    note("Error: writing the output: \(String(cString: strerror(error)))")
    exit(1)
  }
}
