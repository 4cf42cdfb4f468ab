// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Standard output and error. A pipe that is closed early (`| head`) ends the program quietly, as SIGPIPE does.
package enum Output {
  package static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// Prints text, if there is any, with a newline at its end.
  package static func text(_ text: String) {
    guard !text.isEmpty else { return }
    line(text)
  }

  /// Prints whole lines; the last one may lack its end.
  package static func lines(_ text: String) {
    write(text, to: STDOUT_FILENO)
    if let last = text.utf8.last, last != UInt8(ascii: "\n") { line("") }
  }

  /// A remark for the person at the terminal, which must not mix with the output: progress, warnings.
  package static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  /// Bytes as they are, for a file or a pipe.
  package static func bytes(_ bytes: [UInt8]) { bytes.withUnsafeBytes { write($0, to: STDOUT_FILENO) } }

  private static func write(_ text: String, to descriptor: CInt) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
  }

  /// Writes all of it. When nobody can read it any more (a full disk, a closed terminal) the program ends with an error.
  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) {
    var error: CInt = 0
    var rest = bytes
    while !rest.isEmpty, error == 0 {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else if errno != EINTR {
        error = errno
      }
    }
    if error != 0, descriptor == STDOUT_FILENO { fail(error) }
  }

  private static func fail(_ error: CInt) -> Never {
    note("merops: cannot write the output: \(String(cString: strerror(error)))")
    exit(1)
  }
}
