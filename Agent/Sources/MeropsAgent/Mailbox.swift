// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// A queue between threads with room for so much. What does not fit is the receiver's loss, and counted.
final class Mailbox<Element: Sendable>: Sendable {
  private struct State {
    var items: [Element?] = []
    var head = 0
    var cost = 0
    var lost: UInt64 = 0
    var isFinished = false
    /// Called once, when there is something to take or the end has come.
    var receiver: (@Sendable () -> Void)?
    /// Called once, when there is room again or nobody takes any more.
    var sender: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())
  private let limit: Int
  private let cost: @Sendable (Element) -> Int

  /// - Parameters:
  ///   - limit: how much may wait.
  ///   - cost: how much of it an element takes.
  init(limit: Int, cost: @escaping @Sendable (Element) -> Int) { (self.limit, self.cost) = (limit, cost) }

  /// What did not fit so far, in the unit of the limit.
  var lost: UInt64 { state.withLock { $0.lost } }
  /// What waits, in the unit of the limit.
  var waiting: Int { state.withLock { $0.cost } }

  /// Puts an element in if there is room; never waits.
  @discardableResult
  func offer(_ element: Element) -> Bool {
    let cost = cost(element)
    let (isIn, wake) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
      guard !state.isFinished else { return (false, nil) }
      guard state.cost == 0 || state.cost + cost <= limit else {
        state.lost += UInt64(cost)
        return (false, nil)
      }
      return (true, Self.push(element, cost, &state))
    }
    wake?()
    return isIn
  }

  /// Puts an element in and waits for room, on a thread that may wait.
  ///
  /// - Returns: false if nobody takes it any more.
  func put(_ element: Element) -> Bool {
    let cost = cost(element)
    while true {
      let room = DispatchSemaphore(value: 0)
      let (isDone, isIn, wake) = state.withLock { state -> (Bool, Bool, (@Sendable () -> Void)?) in
        if state.isFinished { return (true, false, nil) }
        guard state.cost == 0 || state.cost + cost <= limit else {
          state.sender = { room.signal() }
          return (false, false, nil)
        }
        return (true, true, Self.push(element, cost, &state))
      }
      wake?()
      if isDone { return isIn }
      room.wait()
    }
  }

  private static func push(_ element: Element, _ cost: Int, _ state: inout State) -> (@Sendable () -> Void)? {
    state.items.append(element)
    state.cost += cost
    defer { state.receiver = nil }
    return state.receiver
  }

  /// No more comes in. What is in can still be taken.
  func finish() {
    let wake = state.withLock { state in
      state.isFinished = true
      defer { (state.receiver, state.sender) = (nil, nil) }
      return [state.receiver, state.sender]
    }
    for wake in wake { wake?() }
  }

  /// Nobody takes any more: what is in goes.
  func cancel() {
    state.withLock { state in (state.items, state.head, state.cost) = ([], 0, 0) }
    finish()
  }

  private enum Next {
    case element(Element)
    case end
    case later
  }

  private func next(_ receiver: @escaping @Sendable () -> Void) -> Next {
    let (next, wake) = state.withLock { state -> (Next, (@Sendable () -> Void)?) in
      guard state.head < state.items.count, let element = state.items[state.head] else {
        if state.isFinished { return (.end, nil) }
        state.receiver = receiver
        return (.later, nil)
      }
      state.items[state.head] = nil
      state.head += 1
      if state.head == state.items.count {
        state.items.removeAll(keepingCapacity: true)
        state.head = 0
      } else if state.head > 1024, state.head * 2 > state.items.count {
        state.items.removeFirst(state.head)
        state.head = 0
      }
      state.cost -= cost(element)
      defer { state.sender = nil }
      return (.element(element), state.sender)
    }
    wake?()
    return next
  }

  /// The next element for a task; nil at the end.
  func next() async -> Element? {
    while true {
      var result = Next.later
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        result = next { continuation.resume() }
        if case .later = result { return }
        continuation.resume()
      }
      switch result {
      case .element(let element): return element
      case .end: return nil
      case .later: continue
      }
    }
  }

  /// The next element for a thread that may wait; nil at the end, or after so many seconds.
  func take(timeout: Double? = nil) -> (element: Element?, isEnd: Bool) {
    let deadline = timeout.map { DispatchTime.now() + $0 } ?? .distantFuture
    while true {
      let ready = DispatchSemaphore(value: 0)
      switch next({ ready.signal() }) {
      case .element(let element): return (element, false)
      case .end: return (nil, true)
      case .later: if ready.wait(timeout: deadline) == .timedOut { return (nil, false) }
      }
    }
  }
}
