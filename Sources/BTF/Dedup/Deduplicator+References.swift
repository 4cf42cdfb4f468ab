// SPDX-License-Identifier: Apache-2.0

extension Deduplicator {
  /// Merges pointers, typedefs, qualifiers, arrays, functions, prototypes and tags that refer to the same types.
  ///
  /// Structs are settled by now, so references end at them; each type is looked at after those that it refers to. A
  /// circle without a struct in it, which no compiler makes, is left as it stands.
  mutating func mergeReferences() {
    var known = TwinTable(count: types.count)
    var isDone = [Bool](repeating: false, count: types.count)
    for start in 1..<max(1, types.count) {
      var path = [(index: start, isEntered: false)]
      while let (index, isEntered) = path.popLast() {
        if isEntered {
          mergeReference(index, &known)
          continue
        }
        guard !isDone[index] else { continue }
        isDone[index] = true
        guard isReference(index) else { continue }
        path.append((index, true))
        for place in types.typePlaces(index) {
          let target = Int(types[word: place])
          if target < types.count, !isDone[target] { path.append((target, false)) }
        }
      }
    }
  }

  private func isReference(_ index: Int) -> Bool {
    switch types.kind(index) {
    case .pointer, .array, .typedef, .volatile, .const, .restrict, .function, .functionPrototype, .declTag, .typeTag:
      true
    default: false
    }
  }

  private mutating func mergeReference(_ index: Int, _ known: inout TwinTable) {
    let id = UInt32(index)
    guard classes.root(id) == id else { return }
    func target(_ id: UInt32) -> UInt32 { id < classes.count ? classes.root(id) : id }
    let hash = types.hash(index, target)
    guard let twin = known.twin(of: id, hash: hash, { types.areEqual(Int($0), index, target) }) else { return }
    guard index >= firstOwn else { return }
    classes.guess(id, isPartOf: twin)
    classes.commit()
  }
}
