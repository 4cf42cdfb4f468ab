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
  func withLink<Result: Sendable>(_ body: (borrowing Link) throws(BPFError) -> Result) throws(BPFError) -> Result? {
    try link.withLock { (held) throws(BPFError) -> Result? in try held?.lend(to: body) }
  }
}

extension Link {
  fileprivate borrowing func lend<Result: Sendable>(
    to body: (borrowing Link) throws(BPFError) -> Result
  ) throws(BPFError) -> Result {
    try body(self)
  }
}
