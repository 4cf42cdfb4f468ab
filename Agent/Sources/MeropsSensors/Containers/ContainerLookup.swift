// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import Synchronization

/// A container that the sensors have met, with what its runtime wrote down of it as soon as that is read.
final class KnownContainer: Sendable {
  let container: Container
  private let facts: Mutex<[(Field, [UInt8])]>
  private let isRead = Atomic(false)
  private let reading = DispatchSemaphore(value: 0)

  init(_ container: Container) {
    self.container = container
    facts = Mutex(Self.facts(container, ContainerDetails()))
  }

  /// Whether the files were looked for.
  var isComplete: Bool { isRead.load(ordering: .acquiring) }

  /// Calls a closure with what is known.
  func forEachFact(_ body: (Field, RawSpan) -> Void) {
    facts.withLock { for (field, text) in $0 { body(field, text.span.bytes) } }
  }

  /// Adds what the files say.
  func complete(_ details: ContainerDetails) {
    facts.withLock { $0 = Self.facts(container, details) }
    isRead.store(true, ordering: .releasing)
    reading.signal()
  }

  /// Waits until the files were looked for, but not longer than a given time.
  func wait(milliseconds: Int) { _ = reading.wait(timeout: .now() + .milliseconds(milliseconds)) }

  private static func facts(_ container: Container, _ details: ContainerDetails) -> [(Field, [UInt8])] {
    let texts: [(Field, String?)] = [
      (.containerID, container.id), (.containerRuntime, container.runtime ?? details.runtime),
      (.containerName, details.name), (.containerImage, details.image), (.containerRootfs, details.rootfs),
    ]
    return texts.compactMap { field, text in text.map { (field, Array($0.utf8)) } }
  }
}

/// Reads the files of containers in a thread of its own, which runs while there is something to read: the thread that reads
/// the ring waits for no file system.
final class ContainerLookup: Sendable {
  private let files: ContainerFiles
  private let queue = Mutex<[KnownContainer]>([])
  /// More containers at once than this are known by their ids only.
  static let limit = 4096

  init(_ files: ContainerFiles) { self.files = files }

  func look(for container: KnownContainer) {
    let (isTaken, isFirst) = queue.withLock { queue in
      guard queue.count < Self.limit else { return (false, false) }
      queue.append(container)
      return (true, queue.count == 1)
    }
    if !isTaken { container.complete(ContainerDetails()) }
    if isFirst { Thread.detachNewThread { self.readAll(from: container) } }
  }

  private func readAll(from first: KnownContainer) {
    var next: KnownContainer? = first
    while let container = next {
      container.complete(files.details(of: container.container))
      next = queue.withLock { queue in
        queue.removeFirst()
        return queue.first
      }
    }
  }
}
