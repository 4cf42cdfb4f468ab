// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsControl

/// A file that a command reads whole.
enum InputFile {
  /// - Parameter path: `-` for standard input.
  static func read(_ path: String) throws(ControlError) -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    defer { if path != "-" { close(descriptor) } }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count == 0 { return result }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure(path)
      }
      result += buffer[..<count]
      guard result.count <= 200 << 20 else {
        throw ControlError(
          status: 0, message: "\(path) is larger than 200 MB: import parts of it under names of their own.")
      }
    }
  }

  private static func failure(_ path: String) -> ControlError {
    ControlError(status: 0, message: "\(path) cannot be read: \(String(cString: strerror(errno)))")
  }
}
