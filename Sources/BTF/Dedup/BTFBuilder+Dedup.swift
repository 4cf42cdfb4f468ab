// SPDX-License-Identifier: Apache-2.0

extension BTFBuilder {
  /// Leaves one of each type, and lets structs take in their forward declarations.
  ///
  /// With a base, types that the base has are dropped in favour of the base's. Strings keep their offsets.
  ///
  /// - Returns: for each of the builder's own ids, in order, the id that now stands for it.
  /// - Throws: `BTFError` for names outside the strings, and for kinds newer than this library.
  @discardableResult
  public mutating func deduplicate() throws(BTFError) -> [TypeID] {
    var all = TypeWords()
    all.append([0, 0, 0])
    for types in Self.chain(base) { all.append(types) }
    let firstOwn = all.count
    all.append(types)
    var renamed: [UInt32: UInt32] = [0: 0]
    for index in 1..<max(1, all.count) {
      guard all.kind(index) != nil else {
        throw BTFError(.unknownKind, at: 0, "kind \(all.kindNumber(index)), whose references are not known")
      }
      for place in all.typePlaces(index) where Int(all[word: place]) >= all.count {
        throw BTFError(.badType, at: 0, "a type refers to type \(all[word: place]), and there are \(all.count)")
      }
      try all.mapNames(index) { name throws(BTFError) in
        if let known = renamed[name] { return known }
        guard let string = strings.withString(at: name, { [UInt8]($0) }) else {
          throw BTFError(.badName, at: 0, "a name at \(name), where the strings end at \(strings.end)")
        }
        let new = try strings.offset(of: string)
        renamed[name] = new
        return new
      }
    }

    var deduplicator = Deduplicator(all, firstOwn: firstOwn)
    let roots = deduplicator.run()

    // Those that stand for themselves keep their order and move together.
    var ids = [UInt32](repeating: 0, count: all.count)
    for index in 0..<min(firstOwn, all.count) { ids[index] = UInt32(index) }
    var next = firstID.rawValue
    for index in firstOwn..<all.count where roots[index] == index {
      ids[index] = next
      next += 1
    }
    var kept = TypeWords()
    for index in firstOwn..<all.count where roots[index] == index {
      all.mapTypes(index) { Int($0) < roots.count ? ids[Int(roots[Int($0)])] : $0 }
      kept.append(all.words[all.range(index)])
    }
    types = kept
    return (firstOwn..<all.count).map { TypeID(rawValue: ids[Int(roots[$0])]) }
  }

  /// The base's base first.
  private static func chain(_ base: BTFTypes?) -> [BTFTypes] {
    base.map { chain($0.base) + [$0] } ?? []
  }
}

extension TypeWords {
  /// Copies the records of another.
  fileprivate mutating func append(_ other: TypeWords) {
    for index in 0..<other.count { append(other.words[other.range(index)]) }
  }
}
