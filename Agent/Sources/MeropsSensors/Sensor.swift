// SPDX-License-Identifier: Apache-2.0
import BPF
import MeropsModel

/// Programs in the kernel that report one class of events.
protocol Sensor: Sendable {
  var eventClass: EventClass { get }
  var collection: BPFCollection { get }
  /// Which hooks are used, and what is missing.
  var reports: [SensorReport] { get }

  /// Attaches the programs.
  func attach(_ links: LinkSet) throws

  /// How often the kernel left a program out that interrupted itself, and an act may not have been seen.
  func missed() throws -> UInt64

  /// Makes events of what the programs keep in maps; the last time, of all of it.
  func collect(into reading: inout Reading, isLast: Bool) throws
}

extension Sensor {
  func missed() throws -> UInt64 {
    try collection.programs.reduce(0) { try $0 + $1.info().recursionMisses }
  }

  func collect(into reading: inout Reading, isLast: Bool) throws {}
}

/// Maps that all programs have in common.
struct SharedMaps: Sendable {
  let ring: AnyMap
  let counters: AnyMap
  let calls: CallDispatcher

  /// Lets an object use them in place of its own.
  func share(with collection: BPFCollection) throws(BPFError) {
    try collection.replaceMap("events", with: ring)
    try collection.replaceMap("counters", with: counters)
  }
}
