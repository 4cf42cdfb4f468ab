// SPDX-License-Identifier: Apache-2.0
import BPF
import MeropsModel

/// Programs in the kernel that report one class of events.
protocol Sensor: Sendable {
  var eventClass: EventClass { get }
  var collection: BPFCollection { get }
  /// All of the sensor's objects, by name.
  var objects: [(name: String, collection: BPFCollection)] { get }
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

/// What all sensors have in common.
struct SharedMaps: Sendable {
  let calls: CallDispatcher
  let hooks: FunctionHooks

  /// Lets an object use the maps in place of its own.
  func share(with collection: BPFCollection) throws(BPFError) { try calls.shareMaps(with: collection) }
}

/// An object with those of its optional programs that the kernel allows.
struct Loaded<Object: Skeleton> {
  let object: Object
  /// Which of the sets of optional programs it has, the best being 0; nil for none.
  let choice: Int?
  /// Why it does not have the best, in a few words; nil if it has.
  let refusal: String?
}

extension SkeletonSupport.Embedded {
  /// Loads an object with the first set of its optional programs that the kernel allows, or with none.
  ///
  /// - Parameters:
  ///   - choices: names of programs in sections that start with "?", which watch functions of the kernel; a set has all
  ///     that one after it has.
  ///   - hooks: whether the kernel allows such programs at all.
  ///   - prepare: sets what is set before each attempt, with the number of the set, or nil for none.
  static func load(
    withFirstOf choices: [[String]], _ hooks: FunctionHooks,
    _ prepare: (SkeletonSupport.Opened<Self>, Int?) throws -> Void
  ) throws -> Loaded<Self> {
    var refusal = hooks.refusal
    for (choice, programs) in choices.enumerated() where hooks.refusal == nil {
      let opened = try open()
      try prepare(opened, choice)
      for program in programs { try opened.collection.setAutoload(true, of: program) }
      do {
        return Loaded(object: try opened.load(), choice: choice, refusal: refusal)
      } catch {
        refusal = refusal ?? error.reason
      }
    }
    let opened = try open()
    try prepare(opened, nil)
    return Loaded(object: try opened.load(), choice: nil, refusal: refusal)
  }
}
