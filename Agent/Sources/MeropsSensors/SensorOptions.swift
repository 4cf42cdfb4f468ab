// SPDX-License-Identifier: Apache-2.0

/// What the sensors watch, and with how much memory.
public struct SensorOptions: Sendable {
  /// The size of the ring that all CPUs write to, in bytes: a power of two of at least 4,096.
  public var ringBytes = 8 << 20

  /// How many events a batch has at most.
  public var batchLimit = 4096

  public init() {}
}
