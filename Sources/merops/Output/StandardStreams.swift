// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Standard input, output and error.
enum StandardStreams {
  /// Fills those that are closed (`>&-`), or a map would get the number 1, and output would be written into it. What is put
  /// there fails as a closed one does: input cannot be read, output cannot be written.
  static func open() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free number is this one.
      _ = Glibc.open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
