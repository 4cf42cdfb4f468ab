// SPDX-License-Identifier: Apache-2.0
import BPF
import Foundation
import Synchronization

/// Puts an image in the place of the one before.
///
/// The kernel exchanges the two at once and then waits until no packet is judged by the old one any more, some milliseconds in
/// which whoever asked for the rules need not wait: packets that arrive meet the new ones.
final class Exchange: Sendable {
  private let error = Mutex<BPFError?>(nil)
  private let isOver = Atomic<Bool>(false)
  private let end = DispatchSemaphore(value: 0)

  /// - Returns: when packets that arrive from now on are judged by the image.
  init(_ image: AnyMap, in images: MapOfMaps<UInt32>) throws(BPFError) {
    let thread = Thread { [self] in
      do throws(BPFError) { try images.set(image, for: 0) } catch { self.error.withLock { $0 = error } }
      isOver.store(true, ordering: .releasing)
      end.signal()
    }
    thread.name = "merops-exchange"
    thread.start()
    while !isOver.load(ordering: .acquiring) {
      if try images.id(0) == image.info.id { return }
      sched_yield()
    }
    if let error = error.withLock({ $0 }) { throw error }
  }

  /// Waits until no packet is judged by the image before.
  func wait() {
    end.wait()
    end.signal()
  }
}
