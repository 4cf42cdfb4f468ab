// SPDX-License-Identifier: Apache-2.0

/// Random numbers that are the same in each run, so that a failing test fails again: splitmix64.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A number of `0..<count`; zero when there is none.
  public mutating func next(below count: Int) -> Int { count <= 0 ? 0 : Int.random(in: 0..<count, using: &self) }
}
