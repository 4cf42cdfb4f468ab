// SPDX-License-Identifier: Apache-2.0

/// What a sink has done, and what it could not do.
public struct SinkStatus: Hashable, Sendable, Codable {
  public let name: String
  /// Events that arrived.
  public internal(set) var delivered: UInt64 = 0
  /// Events that did not fit into the sink's queue, or that its file did not take.
  public internal(set) var dropped: UInt64 = 0
  /// Events that the other side refused for good.
  public internal(set) var rejected: UInt64 = 0
  /// Tries that failed.
  public internal(set) var failures: UInt64 = 0
  /// Events and bytes that wait in the sink.
  public internal(set) var waitingEvents = 0
  public internal(set) var waitingBytes = 0
  /// Why nothing arrives at the moment; nil if it does.
  public internal(set) var trouble: String?

  public init(name: String) { self.name = name }
}
