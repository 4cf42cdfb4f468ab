// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsSensors
import Synchronization

/// The one thread that keeps all of the process's privileges, for what needs them at the start.
///
/// Linux keeps capabilities by thread, and a thread begins with those of its creator. Whoever makes this thread gives its own
/// up at once, so that whatever it starts later, such as the threads of the store and of the server, never has them.
final class PrivilegedThread: Sendable {
  private let work = Mailbox<@Sendable () -> Void>(limit: .max) { _ in 1 }
  private let hasEnded = DispatchSemaphore(value: 0)

  init() throws {
    let thread = Thread { [work, hasEnded] in
      while let body = work.take().element { body() }
      // The kernel removes the thread a moment later.
      try? SensorPrivileges.drop()
      hasEnded.signal()
    }
    thread.name = "merops-load"
    thread.start()
    try SensorPrivileges.drop()
  }

  deinit { work.finish() }

  /// Runs something there, and waits for it.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    let result = Mutex<Result<Value, any Error>?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    work.offer {
      let value = Result { try body() }
      result.withLock { $0 = value }
      isDone.signal()
    }
    isDone.wait()
    guard let result = result.withLock({ $0 }) else { throw AgentError("The loading thread gave no result.") }
    return try result.get()
  }

  /// Ends the thread: nothing of the process has its privileges any more.
  func end() {
    work.finish()
    hasEnded.wait()
  }
}
