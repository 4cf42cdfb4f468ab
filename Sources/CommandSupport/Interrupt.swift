// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// Ctrl-C and SIGTERM as something a loop can ask for, so that links are detached and counters printed on the way out.
package enum Interrupt {
  private static let wasRequested = Atomic<Bool>(false)
  private static let arrived = DispatchSemaphore(value: 0)
  private static let sources = Mutex<[any DispatchSourceSignal]>([])

  /// From now on the two signals set ``isRequested`` in place of ending the process. A second one ends it at once.
  package static func catchSignals() {
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
  package static var isRequested: Bool { wasRequested.load(ordering: .relaxed) }

  /// Lets this time pass, or what of it there is until a signal comes.
  package static func wait(seconds: Double) { _ = arrived.wait(timeout: .now() + seconds) }
}
