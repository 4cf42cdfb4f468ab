// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A link that a collection keeps, until it is dropped or taken out.
final class HeldLink: Sendable {
  let name: String
  private let link: Mutex<Link?>

  init(_ name: String, _ link: consuming Link) {
    self.name = name
    self.link = Mutex(link)
  }

  /// Detaches, if the link is still held.
  func drop() { link.withLock { $0 = nil } }

  /// Gives the link away.
  func take() -> Link? { link.withLock { held in held.take() } }

  /// Lends the link.
  func withLink<Result: Sendable, Failure: Error>(
    _ body: (borrowing Link) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    try link.withLock { (held) throws(Failure) -> Result? in try held?.lend(to: body) }
  }
}

extension Link {
  fileprivate borrowing func lend<Result: Sendable, Failure: Error>(
    to body: (borrowing Link) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(self)
  }
}
