// SPDX-License-Identifier: Apache-2.0

public import MeropsControl
public import MeropsModel

/// Where events go besides the archive. Each has a queue of its own and loses its own events.
public protocol EventSink: Sendable {
  /// Takes events; never waits.
  func append(_ batch: EventBatch)
  /// Writes what waits, as far as it can be written at once, and ends.
  func close()
  /// Opens its file anew, after another program has moved it.
  func reopen()
  var status: AgentStatus.Sink { get }
}
