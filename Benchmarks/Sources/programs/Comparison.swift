// SPDX-License-Identifier: Apache-2.0
import BPF

/// A figure of both sides.
struct Figures {
  var c: Double
  var swift: Double
  /// The median of the ratios of neighbours in time, or the plain ratio.
  var ratio: Double

  init(c: Double, swift: Double, ratio: Double? = nil) {
    (self.c, self.swift, self.ratio) = (c, swift, ratio ?? swift / c)
  }
}

/// Nanoseconds that measuring itself takes: those of a program that does nothing.
struct Overhead {
  var testRun: Double
  var statistics: Double
}

struct Comparison {
  var pair: Pair
  var instructions: Figures
  var verified: Figures
  /// As measured.
  var nanoseconds: Figures
  /// Without the overhead.
  var net: Figures
  /// Inputs on which both sides did the same.
  var compared: Int
}

extension Pair {
  /// Loads both sides, sees that they do the same, and measures them by turns.
  func compare(c: Side, swift: Side, overhead: Overhead, rounds: Int) throws -> Comparison {
    for side in [c, swift] { try prepare(side.collection) }
    let compared = try check(c, swift)
    _ = (try time(c), try time(swift))
    var times: [(c: Double, swift: Double)] = []
    for round in 0..<rounds {
      if round.isMultiple(of: 2) {
        let first = try time(c)
        times.append((first, try time(swift)))
      } else {
        let first = try time(swift)
        times.append((try time(c), first))
      }
    }
    let nanoseconds = Figures(
      c: times.map(\.c).median, swift: times.map(\.swift).median, ratio: times.map { $0.swift / $0.c }.median)
    let measuring = if case .packets = exercise { overhead.testRun } else { overhead.statistics }
    let nothing = measuring * Double(c.programs.count)
    return Comparison(
      pair: self,
      instructions: Figures(c: Double(try c.instructions()), swift: Double(try swift.instructions())),
      verified: Figures(c: Double(try c.verified()), swift: Double(try swift.verified())), nanoseconds: nanoseconds,
      net: Figures(c: nanoseconds.c - nothing, swift: nanoseconds.swift - nothing), compared: compared)
  }

  /// The median of a side's times.
  func median(_ side: Side, rounds: Int) throws -> Double { try (0..<rounds).map { _ in try time(side) }.median }

  /// Nanoseconds of a call.
  private func time(_ side: Side) throws -> Double {
    switch exercise {
    case .packets(let packets, _):
      let repetitions = 100_000
      var sum = 0.0
      for packet in packets {
        let start = processorTime()
        _ = try side.programs[0].testRun(data: packet, repetitions: repetitions)
        sum += (processorTime() - start) / Double(repetitions)
      }
      return sum / Double(packets.count)
    case .calls:
      return try counting(side) { for _ in 0..<20_000 { _ = try call(side) } }
    case .events(let source):
      return try attached(side, source) { try counting(side) { _ = try source.fire() } }
    }
  }

  /// Nanoseconds of a call, by the kernel's statistics: they cost two clock reads, so nobody else gets them.
  private func counting(_ side: Side, _ body: () throws -> Void) throws -> Double {
    let statistics = try Program.RunTimeStatistics()
    let start = try side.samples()
    try body()
    let result = try side.nanoseconds(since: start)
    _ = consume statistics
    return result
  }

  /// That both sides do the same to the same input.
  ///
  /// - Returns: how many inputs were compared.
  private func check(_ c: Side, _ swift: Side) throws -> Int {
    switch exercise {
    case .packets(let packets, let shortest):
      var compared = 0
      for input in Packets.variations(of: packets, from: shortest) {
        // The test run itself refuses some frames, such as one that ends with its link header.
        let left = try? c.programs[0].testRun(data: input)
        let right = try? swift.programs[0].testRun(data: input)
        guard left?.returnValue == right?.returnValue, left?.data == right?.data else {
          throw Failure("\(name): C answers \(text(left)), Swift \(text(right)) to \(input)")
        }
        if left != nil { compared += 1 }
      }
      try checkMaps(c, swift)
      return compared
    case .calls:
      guard try call(c) == call(swift) else { throw Failure("\(name): the sides return different values") }
      return c.programs.count
    case .events(let source):
      let left = try attached(c, source) { try source.fire() }
      let right = try attached(swift, source) { try source.fire() }
      guard left == right else { throw Failure("\(name): \(left) with C, \(right) with Swift") }
      return left.count
    }
  }

  /// That the maps hold the same afterwards; variables are laid out as each language likes.
  private func checkMaps(_ c: Side, _ swift: Side) throws {
    for map in c.collection.maps where !map.name.contains(".") {
      let (left, right) = (try contents(map), try contents(swift.collection.map(map.name)))
      guard left == right else { throw Failure("\(name): the map \(map.name) has \(left) in C, \(right) in Swift") }
    }
  }

  /// The values of a map by key; of a per-CPU map, the sums of their 64-bit words.
  private func contents(_ map: AnyMap) throws -> [[UInt8]: [UInt64]] {
    let size = (map.info.valueSize + 7) / 8 * 8
    return try map.entries().reduce(into: [:]) { result, entry in
      var words = [UInt64](repeating: 0, count: size / 8)
      for (index, byte) in entry.value.enumerated() { words[index % size / 8] &+= UInt64(byte) << (index % 8 * 8) }
      result[entry.key] = words
    }
  }

  private func text(_ result: TestRunResult?) -> String { result.map { "\($0.returnValue)" } ?? "nothing" }

  private func call(_ side: Side) throws -> [UInt32] {
    try side.programs.map { try $0.testRun(TestRun(context: [UInt8](repeating: 0, count: 16))).returnValue }
  }

  private func attached<T>(_ side: Side, _ source: any EventSource, _ body: () throws -> T) throws -> T {
    let program = side.programs[0]
    let link = try source.hook.map { try program.attach(to: $0) } ?? program.attach()
    let result = try body()
    _ = consume link
    return result
  }
}

extension [Double] {
  fileprivate var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}
