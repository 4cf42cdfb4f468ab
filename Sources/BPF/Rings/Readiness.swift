// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import Glibc
import Synchronization
import SystemPackage

/// Lets tasks wait for descriptors: one thread of the process sleeps for all of them.
final class Readiness: Sendable {
  enum Outcome: Sendable {
    case ready, timedOut, cancelled
    case failed(Errno)
  }

  private struct Waiter {
    var fd: CInt
    /// Monotonic nanoseconds; `UInt64.max` for none.
    var deadline: UInt64
    var continuation: CheckedContinuation<Outcome, Never>
  }

  private struct State {
    var waiters: [UInt64: Waiter] = [:]
    /// Waits that were cancelled before they began.
    var cancelled: Set<UInt64> = []
    var nextID: UInt64 = 1
    /// When the thread wakes by itself.
    var alarmTime: UInt64 = .max
  }

  private let epoll: Epoll
  /// Wakes the thread when a wait with an earlier deadline begins.
  private let alarm: EventCounter
  private let state = Mutex(State())

  /// The process's own; fails only where it has run out of descriptors, and then tries again.
  static func shared() throws(Errno) -> Readiness {
    let result: Result<Readiness, Errno> = instance.withLock { instance in
      if let instance { return .success(instance) }
      return Result { () throws(Errno) in
        let made = try Readiness()
        try made.start()
        instance = made
        return made
      }
    }
    return try result.get()
  }

  private static let instance = Mutex<Readiness?>(nil)

  private init() throws(Errno) {
    epoll = try Epoll()
    alarm = try EventCounter()
    try epoll.add(alarm.descriptor.rawValue, tag: 0)
  }

  private func start() throws(Errno) {
    var thread = pthread_t()
    let failed = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Readiness>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    guard failed == 0 else { throw Errno(rawValue: failed) }
    pthread_detach(thread)
  }

  /// Suspends until the descriptor can be read, the time is over, or the task is cancelled.
  ///
  /// - Parameters:
  ///   - fd: stays open until this returns; no second wait for the same number at a time.
  ///   - isReady: asked once more when the descriptor is watched: a perf event says only once that it can be read, and
  ///     may have said so to the call that begins to watch it.
  func wait(for fd: CInt, timeout: Duration?, unless isReady: () -> Bool = { false }) async -> Outcome {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let deadline = timeout.map { KernelClock.monotonic() &+ UInt64($0.clampedNanoseconds) } ?? .max
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        begin(id, Waiter(fd: fd, deadline: deadline, continuation: continuation))
        if isReady() { resume([id]) }
      }
    } onCancel: {
      cancel(id)
    }
    // A cancellation that came too late leaves its mark.
    state.withLock { _ = $0.cancelled.remove(id) }
    return outcome
  }

  private func begin(_ id: UInt64, _ waiter: Waiter) {
    let early: Outcome? = state.withLock { state in
      if state.cancelled.remove(id) != nil { return .cancelled }
      do throws(Errno) {
        try epoll.add(waiter.fd, events: [.readable, .once], tag: id)
      } catch {
        return .failed(error)
      }
      state.waiters[id] = waiter
      return nil
    }
    if let early {
      waiter.continuation.resume(returning: early)
    } else if state.withLock({ waiter.deadline < $0.alarmTime }) {
      alarm.signal()
    }
  }

  private func cancel(_ id: UInt64) {
    let waiter = state.withLock { state in
      guard let waiter = take(id, &state) else {
        state.cancelled.insert(id)
        return nil as Waiter?
      }
      return waiter
    }
    waiter?.continuation.resume(returning: .cancelled)
  }

  /// Ends a wait: the descriptor leaves the epoll set before anybody can close it.
  private func take(_ id: UInt64, _ state: inout State) -> Waiter? {
    guard let waiter = state.waiters.removeValue(forKey: id) else { return nil }
    try? epoll.remove(waiter.fd)
    return waiter
  }

  private func run() {
    // Signals are for the program's own threads.
    var every = sigset_t()
    sigfillset(&every)
    pthread_sigmask(SIG_SETMASK, &every, nil)
    while true {
      let next = state.withLock { state in
        state.alarmTime = state.waiters.values.lazy.map(\.deadline).min() ?? .max
        return state.alarmTime
      }
      let now = KernelClock.monotonic()
      let timeout: Int64? = next == .max ? nil : Int64(clamping: next > now ? next - now : 0)
      var ready: [UInt64] = []
      try? epoll.wait(timeout: timeout) { event in
        if event.tag == 0 { alarm.drain() } else { ready.append(event.tag) }
      }
      resume(ready)
    }
  }

  private func resume(_ ready: [UInt64]) {
    let now = KernelClock.monotonic()
    let ended: [(Waiter, Outcome)] = state.withLock { state in
      var ended: [(Waiter, Outcome)] = []
      for id in ready {
        if let waiter = take(id, &state) { ended.append((waiter, .ready)) }
      }
      for (id, waiter) in state.waiters where waiter.deadline <= now {
        _ = take(id, &state)
        ended.append((waiter, .timedOut))
      }
      return ended
    }
    for (waiter, outcome) in ended { waiter.continuation.resume(returning: outcome) }
  }
}
