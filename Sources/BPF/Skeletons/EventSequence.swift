// SPDX-License-Identifier: Apache-2.0

/// Typed records as an asynchronous sequence, which ends when its task is cancelled. The ring is opened when iteration
/// starts; a record that is not of the type ends it with an error.
public struct EventSequence<Event: Sendable>: AsyncSequence, Sendable {
  public typealias Element = Event
  public typealias Failure = BPFError

  let start: @Sendable () throws(BPFError) -> RecordIterator<Result<Event, BPFError>>

  public func makeAsyncIterator() -> Iterator { Iterator(records: Result(catching: start)) }

  public struct Iterator: AsyncIteratorProtocol {
    var records: Result<RecordIterator<Result<Event, BPFError>>, BPFError>

    /// The next record; nil when the task was cancelled.
    public mutating func next(isolation actor: isolated (any Actor)?) async throws(BPFError) -> Event? {
      var iterator = try records.get()
      let next = try await iterator.next(isolation: actor)
      records = .success(iterator)
      return try next?.get()
    }

    public mutating func next() async throws(BPFError) -> Event? { try await next(isolation: nil) }
  }
}
