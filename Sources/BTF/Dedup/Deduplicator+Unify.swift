// SPDX-License-Identifier: Apache-2.0

extension Deduplicator {
  /// Makes two types one if nothing that they reach differs; leaves all as it was otherwise.
  ///
  /// Assuming that the two are equal, whatever they refer to must be equal, and so on; a circle comes back to types
  /// that are assumed equal already. The open questions are kept in a list, not on the stack: chains are long.
  mutating func unify(_ a: UInt32, _ b: UInt32) -> Bool {
    var open = [(a, b)]
    while let (a, b) = open.popLast() {
      let (a, b) = (classes.root(a), classes.root(b))
      if a == b { continue }
      guard let (winner, loser) = match(a, b) else {
        classes.rollBack()
        return false
      }
      // A forward declaration says nothing about what the other refers to.
      if types.kind(Int(a)) == types.kind(Int(b)) { pairReferences(Int(a), Int(b), &open) }
      classes.guess(loser, isPartOf: winner)
    }
    classes.commit()
    return true
  }

  private func pairReferences(_ a: Int, _ b: Int, _ open: inout [(UInt32, UInt32)]) {
    for (left, right) in zip(types.typePlaces(a), types.typePlaces(b)) {
      open.append((types[word: left], types[word: right]))
    }
  }

  /// Compares two records, references left out: which of the two stands for both, or nil if they differ.
  private func match(_ a: UInt32, _ b: UInt32) -> (winner: UInt32, loser: UInt32)? {
    // Void equals nothing else, and the base's types are all different and never change.
    guard a != 0, b != 0, a < types.count, b < types.count else { return nil }
    guard Int(max(a, b)) >= firstOwn, types.name(Int(a)) == types.name(Int(b)) else { return nil }
    guard let kindA = types.kind(Int(a)), let kindB = types.kind(Int(b)) else { return nil }
    let first = (winner: min(a, b), loser: max(a, b))

    if kindA == kindB {
      switch kindA {
      case .variable, .dataSection: return nil
      case .enumeration, .enumeration64: return matchEnumerations(a, b)
      default: return haveSameShape(Int(a), Int(b)) ? first : nil
      }
    }
    if kindA.isEnumeration, kindB.isEnumeration { return matchEnumerations(a, b) }
    // A struct takes in its forward declaration, unless that would change the base.
    let (forward, other, kind) = kindA == .forward ? (a, b, kindB) : (b, a, kindA)
    guard types.kind(Int(forward)) == .forward, kind.isComposite, Int(forward) >= firstOwn else { return nil }
    guard RecordLayout.flag(types.info(Int(forward))) == (kind == .union) else { return nil }
    return (winner: other, loser: forward)
  }

  private func matchEnumerations(_ a: UInt32, _ b: UInt32) -> (winner: UInt32, loser: UInt32)? {
    let first = (winner: min(a, b), loser: max(a, b))
    if types.kind(Int(a)) == types.kind(Int(b)), haveSameShape(Int(a), Int(b)) { return first }
    guard types.name(Int(a)) != 0 else { return nil }
    // One without values is a forward declaration, whatever its size.
    for (forward, full) in [(a, b), (b, a)] where types.elementCount(Int(forward)) == 0 && Int(forward) >= firstOwn {
      return (winner: full, loser: forward)
    }
    return nil
  }

  private func haveSameShape(_ a: Int, _ b: Int) -> Bool { types.areEqual(a, b) { _ in 0 } }
}
