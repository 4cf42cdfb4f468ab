// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The socket that an agent is asked through, with its rights. Whoever connects before a ``ControlServer`` serves it waits.
///
/// It is made apart from the server because giving it to a group takes a capability (CAP_CHOWN), which an agent gives up before
/// it starts the server's threads.
public final class ControlSocket: Sendable {
  public let path: String
  /// Who may connect besides root and the agent's own user; nil for nobody.
  public let group: UInt32?
  let descriptor: CInt
  private let hasName = Atomic<Bool>(true)

  /// Listens at a path, whose folder has to exist, and replaces what a process that was killed has left there.
  ///
  /// - Throws: ``ServerError``
  public init(_ path: String, group: UInt32? = nil) throws {
    (self.path, self.group) = (path, group)
    descriptor = try UnixSocket.listening(at: path, mode: 0o660, group: group).take()
  }

  /// Takes its name away: nobody connects any more.
  func remove() { if hasName.exchange(false, ordering: .relaxed) { unlink(path) } }

  deinit {
    remove()
    close(descriptor)
  }
}
