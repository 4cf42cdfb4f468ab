// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// Runs a closure when a time is over, on a thread of its own: also while every thread of Swift's pool waits.
package final class Alarm: Sendable {
  private let ended: EventCounter

  /// - Parameter nanoseconds: from now.
  package init(after nanoseconds: Int64, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    ended = try EventCounter()
    let work = Unmanaged.passRetained(Work(alarm: self, nanoseconds: nanoseconds, body: body))
    var thread = pthread_t()
    let failed = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, work.toOpaque())
    guard failed == 0 else {
      work.release()
      throw Errno(rawValue: failed)
    }
    pthread_detach(thread)
  }

  /// Ends the wait; what runs already runs on.
  package func cancel() { ended.signal() }

  private final class Work: Sendable {
    let alarm: Alarm
    let nanoseconds: Int64
    let body: @Sendable () -> Void

    init(alarm: Alarm, nanoseconds: Int64, body: @escaping @Sendable () -> Void) {
      self.alarm = alarm
      self.nanoseconds = nanoseconds
      self.body = body
    }

    func run() {
      guard (try? Poll.readable(alarm.ended.descriptor.rawValue, timeout: nanoseconds)) == false else { return }
      body()
    }
  }
}
