// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Standard output and error.
///
/// Names come from anyone, so control characters never reach the terminal: see ``Swift/String/visible``. A pipe whose
/// reader has left (`| head`) ends the command without a word.
enum Output {
  /// Prints text and a newline.
  static func line(_ text: String) { write(text.visible(keeping: "\n\t") + "\n", to: STDOUT_FILENO) }

  /// Prints text that may be empty, or end with a newline already.
  static func text(_ text: String) {
    guard let last = text.utf8.last else { return }
    last == UInt8(ascii: "\n") ? write(text.visible(keeping: "\n\t"), to: STDOUT_FILENO) : line(text)
  }

  /// Prints a remark for the person at the terminal, which must not mix with the output: progress, warnings.
  static func note(_ text: String) { write(text.visible(keeping: "\n\t") + "\n", to: STDERR_FILENO) }

  /// Writes bytes as they are, for a file or a pipe.
  static func bytes(_ bytes: [UInt8]) { bytes.withUnsafeBytes { write($0, to: STDOUT_FILENO) } }
  static func bytes(_ bytes: UnsafeRawBufferPointer) { write(bytes, to: STDOUT_FILENO) }

  private static let undo = Mutex<(@Sendable () -> Void)?>(nil)

  /// Sets what to take back when the output cannot be written: a command that fails leaves nothing behind.
  static func onFailure(_ body: @escaping @Sendable () -> Void) {
    undo.withLock { $0 = body }
    // It would end the process at once.
    signal(SIGPIPE, SIG_IGN)
  }

  private static func write(_ text: String, to descriptor: CInt) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else if errno != EINTR {
        // Where standard error cannot be written, there is nobody to tell.
        guard descriptor == STDOUT_FILENO else { return }
        fail(errno)
      }
    }
  }

  private static func fail(_ error: CInt) -> Never {
    undo.withLock { $0 }?()
    if error == EPIPE {
      // Whoever started us may ignore the signal; the outcome is the same.
      signal(SIGPIPE, SIG_DFL)
      raise(SIGPIPE)
    }
    note("Error: writing the output: \(String(cString: strerror(error)))")
    exit(1)
  }
}
