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
      let words = OwnCost.file(path).split(whereSeparator: \.isWhitespace)
      throw AgentError(Self.refusal(pid: words.first.map(String.init), isService: words.last == Self.service))
    }
    let text = "\(getpid())\(ServiceManager.isPresent ? " \(Self.service)" : "")\n"
    ftruncate(descriptor, 0)
    _ = pwrite(descriptor, text, text.utf8.count, 0)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// What the file says of an agent that systemd started.
  private static let service: Substring = "service"

  private static func refusal(pid: String?, isService: Bool) -> String {
    let which = pid.map { " (pid \($0)\(isService ? ", the service" : ""))" } ?? ""
    let way =
      isService ? "systemctl stop merops" : "Ctrl-C where it runs" + (pid.map { ", or kill \($0)" } ?? "")
    return "An agent runs here already\(which). See what it sees: merops events --follow. "
      + "Stop it first if you want to start another one: \(way)."
  }
}

/// Why an agent does not run.
public struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }

  static func system(_ message: String, _ number: CInt) -> Self {
    Self("\(message): \(String(cString: strerror(number))).")
  }
}
