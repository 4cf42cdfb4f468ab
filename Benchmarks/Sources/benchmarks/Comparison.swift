// SPDX-License-Identifier: Apache-2.0

/// The same work on both sides.
struct Comparison {
  enum Quantity: String {
    /// Time for one operation.
    case time
    /// The most heap in use.
    case memory
  }

  var name: String
  var unit: Unit
  var quantity = Quantity.time
  var ours: [String]
  var theirs: [String]
  var goal: Goal
  /// Whether each repetition has a process of its own, so that nothing is remembered from the last one.
  var isFresh = false

  struct Unit {
    var name: String
    /// How many nanoseconds, or bytes, it is.
    var size: Double
    static let nanoseconds = Unit(name: "ns", size: 1)
    static let milliseconds = Unit(name: "ms", size: 1e6)
    static let kibibytes = Unit(name: "KiB", size: 1024)
  }

  /// What ours may be at most.
  enum Goal {
    case ratio(Double)
    case amount(Double)
  }
}

struct Result {
  var comparison: Comparison
  /// Medians for one operation, in the comparison's unit.
  var ours: Double
  var theirs: Double
  /// The ratio of the medians.
  var ratio: Double
  /// The same of the processor's time, which leaves out what other processes took; nil for memory.
  var processorRatio: Double?
  /// Of ours, for one operation; the median.
  var allocations: Double
  var repetitions: Int

  var isMet: Bool {
    switch comparison.goal {
    // As exact as it is printed: two runs differ by more.
    case .ratio(let limit): ratio < limit + 0.005
    case .amount(let limit): ours <= limit
    }
  }
}

extension Comparison {
  /// Runs both sides by turns; who is first changes each time.
  func run(repetitions: Int) throws -> Result {
    var ours: [Sample] = []
    var theirs: [Sample] = []
    if isFresh {
      for turn in 0..<repetitions {
        if turn.isMultiple(of: 2) { ours.append(try Peer(self.ours).repetition()) }
        theirs.append(try Peer(self.theirs).repetition())
        if !turn.isMultiple(of: 2) { ours.append(try Peer(self.ours).repetition()) }
      }
    } else {
      let our = try Peer(self.ours)
      let their = try Peer(self.theirs)
      // One repetition each that does not count: memory is touched and pages are in the cache afterwards.
      _ = (try our.repetition(), try their.repetition())
      for turn in 0..<repetitions {
        if turn.isMultiple(of: 2) { ours.append(try our.repetition()) }
        theirs.append(try their.repetition())
        if !turn.isMultiple(of: 2) { ours.append(try our.repetition()) }
      }
    }
    guard ours.map(\.operations) == theirs.map(\.operations) else {
      throw Failure(description: "\(name): the sides did not do the same")
    }
    func median(_ samples: [Sample], _ value: (Sample) -> Double) -> Double {
      samples.map(value).sorted()[samples.count / 2]
    }
    let value: (Sample) -> Double = quantity == .time ? { $0.wall / $0.operations } : { $0.memory }
    let processor: (Sample) -> Double = { $0.processor / $0.operations }
    return Result(
      comparison: self, ours: median(ours, value) / unit.size, theirs: median(theirs, value) / unit.size,
      ratio: median(ours, value) / median(theirs, value),
      processorRatio: quantity == .time ? median(ours, processor) / median(theirs, processor) : nil,
      allocations: median(ours) { $0.allocations / $0.operations }, repetitions: repetitions)
  }
}
