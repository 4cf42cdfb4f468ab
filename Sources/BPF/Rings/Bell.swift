// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import Synchronization
import SystemPackage

/// What a reader sees when it looks for records before it sleeps.
enum Look: Equatable {
  case ready
  case nothing
  /// There are some, to be left there for so many nanoseconds.
  case later(Int64)
}

/// Wakes a reader of rings: one epoll for all of its rings and for ``ring()``.
///
/// Edge-triggered. The kernel calls a ring readable while there is anything between reader and writers, so that waiting
/// for the level would spin while the record at the reader's position is still being written. What an edge could miss
/// the reader sees when it looks, which it does after it has published its position: see `RingReader.look()`.
final class Bell: Sendable {
  enum Outcome { case ready, timedOut, woken }

  private let epoll: Epoll
  private let alarm: EventCounter
  private let isRung = Atomic<Bool>(false)
  private let longest = Atomic<Int64>(1_000_000_000)

  init() throws(BPFError) {
    do throws(Errno) {
      epoll = try Epoll()
      alarm = try EventCounter()
      try epoll.add(alarm.descriptor.rawValue, events: [.readable, .edge], tag: 0)
    } catch {
      throw BPFError("opening a reader of rings", errno: error)
    }
  }

  /// Rings when this descriptor becomes readable, which stays open for as long as this lives.
  func watch(_ fd: CInt) throws(Errno) { try epoll.add(fd, events: [.readable, .edge], tag: 0) }

  /// The longest sleep.
  var interval: Duration? {
    get {
      let nanoseconds = longest.load(ordering: .relaxed)
      return nanoseconds == .max ? nil : .nanoseconds(nanoseconds)
    }
    set { longest.store(newValue.map { max($0.clampedNanoseconds, 1) } ?? .max, ordering: .relaxed) }
  }

  static func deadline(after time: Duration) -> UInt64 {
    KernelClock.monotonic() &+ UInt64(time.clampedNanoseconds)
  }

  /// Ends the wait that is going on, or the next one.
  func ring() {
    isRung.store(true, ordering: .sequentiallyConsistent)
    alarm.signal()
  }

  /// Whether it was rung since this was asked last.
  func takeWake() -> Bool {
    isRung.load(ordering: .relaxed) && isRung.exchange(false, ordering: .acquiringAndReleasing)
  }

  /// Sleeps until there are records, the time is over, or ``ring()`` is called.
  func wait(until deadline: UInt64?, on reader: EventReader<some Sendable>) throws(BPFError) -> Outcome {
    try reader.prepare()
    while true {
      if takeWake() { return .woken }
      guard var sleep = sleep(reader.look()) else { return .ready }
      if let deadline {
        let left = Int64(bitPattern: deadline &- KernelClock.monotonic())
        if left <= 0 { return .timedOut }
        sleep = min(sleep, left)
      }
      do throws(Errno) {
        try epoll.wait(timeout: sleep == .max ? nil : sleep)
      } catch {
        throw BPFError("waiting for records of \(reader.subject)", errno: error)
      }
    }
  }

  /// Suspends until there may be records, or the task is cancelled.
  func wait(on reader: EventReader<some Sendable>) async throws(BPFError) {
    try reader.prepare()
    guard let sleep = sleep(reader.look()) else { return }
    do throws(Errno) {
      let outcome = try await Readiness.shared().wait(
        for: epoll.descriptor.rawValue, timeout: sleep == .max ? nil : .nanoseconds(sleep)
      ) {
        isRung.load(ordering: .relaxed) || reader.look() == .ready
      }
      // The edges are seen: what comes from here on is a new one.
      try epoll.wait(timeout: 0)
      if case .failed(let error) = outcome { throw error }
    } catch {
      throw BPFError(
        "waiting for records of \(reader.subject)", errno: error,
        hint: error == .fileExists ? "iterate over a reader in one task at a time" : nil)
    }
  }

  /// How many nanoseconds to sleep; nil for not at all.
  private func sleep(_ look: Look) -> Int64? {
    let longest = longest.load(ordering: .relaxed)
    switch look {
    case .ready: return nil
    case .nothing: return longest
    case .later(let time): return min(time, longest)
    }
  }
}
