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
  /// The median of the ratios of neighbours in time.
  var ratio: Double
  /// Where that median lies with a confidence of 95 %.
  var interval: ClosedRange<Double>
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
  ///
  /// A process keeps the pages that it got, and some are luckier than others: so several pairs of processes share the
  /// repetitions.
  func run(repetitions: Int) throws -> Result {
    var pairs: [(ours: Sample, theirs: Sample)] = []
    if isFresh {
      for turn in 0..<repetitions {
        pairs.append(
          try Self.pair(turn, { try Peer(self.ours).repetition() }, { try Peer(self.theirs).repetition() }))
      }
    } else {
      let rounds = min(Self.rounds, repetitions)
      for round in 0..<rounds {
        let our = try Peer(self.ours)
        let their = try Peer(self.theirs)
        // One repetition each that does not count: memory is touched and pages are in the cache afterwards.
        _ = (try our.repetition(), try their.repetition())
        for turn in stride(from: round, to: repetitions, by: rounds) {
          pairs.append(try Self.pair(turn, { try our.repetition() }, { try their.repetition() }))
        }
      }
    }
    guard pairs.allSatisfy({ $0.ours.operations == $0.theirs.operations }) else {
      throw Failure(description: "\(name): the sides did not do the same")
    }
    let value: (Sample) -> Double = quantity == .time ? { $0.wall / $0.operations } : { $0.memory }
    let processor: (Sample) -> Double = { $0.processor / $0.operations }
    let ratios = pairs.map { value($0.ours) / value($0.theirs) }.sorted()
    return Result(
      comparison: self, ours: median(pairs.map { value($0.ours) }) / unit.size,
      theirs: median(pairs.map { value($0.theirs) }) / unit.size, ratio: median(ratios),
      interval: Self.interval(ofMedian: ratios),
      processorRatio: quantity == .time ? median(pairs.map { processor($0.ours) / processor($0.theirs) }) : nil,
      allocations: median(pairs.map { $0.ours.allocations / $0.ours.operations }), repetitions: pairs.count)
  }

  private static let rounds = 5

  private static func pair(
    _ turn: Int, _ ours: () throws -> Sample, _ theirs: () throws -> Sample
  ) throws -> (ours: Sample, theirs: Sample) {
    if turn.isMultiple(of: 2) {
      let first = try ours()
      return (first, try theirs())
    }
    let first = try theirs()
    return (try ours(), first)
  }

  /// The ranks between which the median of what was sampled lies in 95 of 100 cases: a binomial distribution's, here
  /// approximated by the normal one.
  private static func interval(ofMedian sorted: [Double]) -> ClosedRange<Double> {
    let count = Double(sorted.count)
    let reach = 0.98 * count.squareRoot()
    let low = max(0, Int((count / 2 - reach).rounded(.down)))
    let high = min(sorted.count - 1, Int((count / 2 + reach).rounded(.up)))
    return sorted[low]...sorted[high]
  }
}

private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
