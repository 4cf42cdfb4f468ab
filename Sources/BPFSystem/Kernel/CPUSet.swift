// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// Processors by number, in ranges with gaps between them.
package struct CPUSet: Sendable, Hashable {
  package let ranges: [ClosedRange<Int>]

  /// Reads the kernel's list form: `0-3,8-11`, `0`, or nothing.
  ///
  /// - Returns: nil for anything else.
  package init?(parsing text: String) {
    var ranges: [ClosedRange<Int>] = []
    for part in text.split(separator: ",") {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, 0 <= first, first <= last,
        last < 1 << 20, first > ranges.last?.upperBound ?? -1
      else { return nil }
      ranges.append(first...last)
    }
    self.ranges = ranges
  }

  /// How many processors.
  package var count: Int { ranges.reduce(0) { $0 + $1.count } }

  /// The numbers, ascending.
  package var numbers: [Int] { ranges.flatMap(Array.init) }

  package func contains(_ cpu: Int) -> Bool { ranges.contains { $0.contains(cpu) } }

  /// The processors that could ever be there. Per-CPU maps hold a value for each of them.
  package static var possible: CPUSet {
    get throws(Errno) { try cachedPossible.get() }
  }

  /// The processors that run now.
  package static var online: CPUSet {
    get throws(Errno) { try read("online") }
  }

  // Fixed from boot on.
  private static let cachedPossible: Result<CPUSet, Errno> = Result { () throws(Errno) in try read("possible") }

  private static func read(_ name: String) throws(Errno) -> CPUSet {
    guard let set = CPUSet(parsing: try SystemFile.text("/sys/devices/system/cpu/\(name)")), set.count > 0 else {
      throw Errno.invalidArgument
    }
    return set
  }
}
