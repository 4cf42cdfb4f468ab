// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsFirewall
import Synchronization

/// The one thread that keeps what changing the firewall needs (CAP_BPF, CAP_NET_ADMIN) after the agent has given up the rest.
///
/// A thread begins with the capabilities of its creator: make this one on a thread that has them.
final class FirewallThread: Sendable {
  private let work = Mailbox<@Sendable () -> Void>(limit: .max) { _ in 1 }

  init() {
    let thread = Thread { [work] in while let body = work.take().element { body() } }
    thread.name = "merops-firewall"
    thread.start()
  }

  deinit { work.finish() }

  /// Does something there some time.
  func post(_ body: @escaping @Sendable () -> Void) { work.offer(body) }

  /// Does something there, and waits for it.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    let result = Mutex<Result<Value, any Error>?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    work.offer {
      let value = Result { try body() }
      result.withLock { $0 = value }
      isDone.signal()
    }
    isDone.wait()
    guard let result = result.withLock({ $0 }) else { throw AgentError("The firewall's thread gave no result.") }
    return try result.get()
  }
}
