// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// Ctrl-C and SIGTERM, for a loop to ask for: so links are detached and counters printed on the way out.
enum Interrupt {
  private static let wasRequested = Atomic<Bool>(false)
  private static let arrived = DispatchSemaphore(value: 0)
  private static let sources = Mutex<[any DispatchSourceSignal]>([])

  /// From now on a signal sets ``isRequested`` instead of ending the process. A second one ends it at once.
  static func catchSignals() {
    sources.withLock { sources in
      guard sources.isEmpty else { return }
      for number in [SIGINT, SIGTERM] {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
          if wasRequested.exchange(true, ordering: .relaxed) {
            signal(number, SIG_DFL)
            raise(number)
          }
          arrived.signal()
        }
        source.resume()
        sources.append(source)
      }
    }
  }

  /// Whether a signal has come.
  static var isRequested: Bool { wasRequested.load(ordering: .relaxed) }

  /// Waits for a signal, at most so long.
  static func wait(_ time: Seconds) { _ = arrived.wait(timeout: .now() + time.value) }
}
