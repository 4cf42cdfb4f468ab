// SPDX-License-Identifier: Apache-2.0

/// Types known to be one and the same, as a forest whose roots stand for their classes. Guesses can be taken back.
struct TypeClasses {
  private var parents: [UInt32]
  /// Those that got a parent since the last commit.
  private var guesses: [UInt32] = []

  init(count: Int) { parents = (0..<UInt32(count)).map { $0 } }

  var count: Int { parents.count }

  /// The root of a type's class.
  func root(_ id: UInt32) -> UInt32 {
    var id = id
    while parents[Int(id)] != id { id = parents[Int(id)] }
    return id
  }

  /// Puts the class of one root under another root, for now.
  mutating func guess(_ root: UInt32, isPartOf winner: UInt32) {
    parents[Int(root)] = winner
    guesses.append(root)
  }

  /// Keeps what was guessed.
  mutating func commit() {
    for id in guesses { parents[Int(id)] = root(id) }
    guesses.removeAll(keepingCapacity: true)
  }

  /// Takes back what was guessed.
  mutating func rollBack() {
    for id in guesses.reversed() { parents[Int(id)] = id }
    guesses.removeAll(keepingCapacity: true)
  }
}
