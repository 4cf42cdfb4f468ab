// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Held while an agent runs, so that there is one for each socket. The kernel gives it up with the process, however that ends.
final class AgentLock: Sendable {
  private let descriptor: CInt

  init(_ path: String) throws(AgentError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw AgentError.system("The lock \(path) cannot be opened", errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let number = errno
      close(descriptor)
      guard number == EWOULDBLOCK else { throw AgentError.system("The lock \(path) cannot be taken", number) }
      let pid = OwnCost.file(path).prefix { $0.isNumber }
      throw AgentError(
        "An agent runs here already\(pid.isEmpty ? "" : " (pid \(pid))"). See what it sees: merops events --follow. "
          + "Stop it first if you want to start another one: systemctl stop merops, or Ctrl-C where `merops run` runs.")
    }
    let text = "\(getpid())\n"
    ftruncate(descriptor, 0)
    _ = pwrite(descriptor, text, text.utf8.count, 0)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}

/// Why an agent does not run.
public struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }

  static func system(_ message: String, _ number: CInt) -> Self {
    Self("\(message): \(String(cString: strerror(number))).")
  }
}
