// SPDX-License-Identifier: Apache-2.0

public import MeropsModel
import MeropsSensors

/// Where events come from: the sensors, or a test.
public protocol SensorSource: Sendable {
  var reports: [SensorReport] { get }
  func counts() throws -> Counts
  /// What the kernel's programs have cost, as far as the kernel counts it.
  func costs() throws -> [ProgramCost]
  /// Hands over events on the caller's thread until ``stop()``; where there are none, the id that the next one has at least.
  func run(_ deliver: (EventBatch) -> Void, idle: (EventID) -> Void) throws
  func stop()
  func process(_ pid: UInt32) -> MeropsModel.Process?
  /// As it was at a time since boot; `afterExec`: what it became then.
  func process(_ pid: UInt32, at time: UInt64, afterExec: Bool) -> MeropsModel.Process?
}

extension Sensors: SensorSource {}
