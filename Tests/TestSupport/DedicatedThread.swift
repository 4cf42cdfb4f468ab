// SPDX-License-Identifier: Apache-2.0
import CTestSupport
import Foundation

/// Runs `body` on a thread of its own and waits for it: a namespace or a descriptor table that the thread enters is
/// gone when the thread is.
func onDedicatedThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) throws -> T {
  let box = Box<T>()
  let done = DispatchSemaphore(value: 0)
  let thread = Thread {
    box.result = Swift.Result { try body() }
    done.signal()
  }
  thread.stackSize = 8 << 20
  thread.start()
  done.wait()
  guard let result = box.result else { throw Shell.Failed(description: "the thread ended without a result") }
  return try result.get()
}

/// The calling thread, as the kernel numbers it.
public func threadID() -> UInt32 { UInt32(bitPattern: gettid()) }

/// A system call that gave an error.
struct SystemFailure: Error, CustomStringConvertible {
  let description: String
  init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
}

/// Written by one thread, then read by another after a semaphore.
private final class Box<T>: @unchecked Sendable {
  var result: Swift.Result<T, any Error>?
  init() {}
}
