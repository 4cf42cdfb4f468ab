// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import MeropsAgent

/// SIGTERM, SIGINT and SIGHUP, for one thread that waits for them.
final class Signals: Sendable {
  private let main = pthread_self()

  /// Call it before the first thread is started: threads inherit what is blocked.
  init() {
    var set = Self.set
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  private static var set: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
    return set
  }

  /// Waits so many seconds at most.
  func next(_ seconds: Double) -> Agent.Wish? {
    var set = Self.set
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    switch sigtimedwait(&set, nil, &time) {
    case SIGTERM, SIGINT: return .stop
    case SIGHUP: return .reload
    default: return nil
    }
  }

  /// From any thread.
  func stop() { kill(getpid(), SIGTERM) }
}

/// A connection to whoever started the agent for itself: `merops run`. When it ends, however that comes, the agent does.
final class Lifeline: Sendable {
  private let descriptor: CInt

  init(_ descriptor: CInt) {
    self.descriptor = descriptor
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  func say(_ text: String) { _ = send(descriptor, text, text.utf8.count, CInt(MSG_NOSIGNAL)) }

  func watch(_ ended: @escaping @Sendable () -> Void) {
    DispatchQueue(label: "merops-lifeline").async { [descriptor] in
      var byte: UInt8 = 0
      while read(descriptor, &byte, 1) > 0 {}
      ended()
    }
  }
}
