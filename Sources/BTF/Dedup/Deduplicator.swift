// SPDX-License-Identifier: Apache-2.0

/// Finds types that are one and the same, in BTF put together from several compilation units.
///
/// Structs refer to each other in circles, so equality is settled by assuming it: two structs are one if nothing that
/// can be reached from both by the same path differs. A forward declaration equals any struct (or union) of its name;
/// where units know different parts, the result is their sum. Variables and sections stay as they are. These are
/// the rules of libbpf's `btf__dedup`; the algorithm is its own: union-find with roll-back.
///
/// Positions count types from 0; those below `firstOwn` are the base's, which never change.
struct Deduplicator {
  var types: TypeWords
  let firstOwn: Int
  var classes: TypeClasses

  /// - Parameter types: all records with canonical names: equal names have equal offsets. Position 0 is `void`.
  init(_ types: TypeWords, firstOwn: Int) {
    self.types = types
    self.firstOwn = firstOwn
    classes = TypeClasses(count: types.count)
  }

  /// For each type the one that stands for it.
  mutating func run() -> [UInt32] {
    mergePlain()
    mergeComposites()
    resolveForwards()
    mergeReferences()
    return (0..<UInt32(types.count)).map { classes.root($0) }
  }

  // MARK: Integers, floats, enumerations, forward declarations

  /// Merges records that refer to no other type and are word for word the same.
  private mutating func mergePlain() {
    var known = TwinTable(count: types.count)
    var enumerations: [UInt32: [UInt32]] = [:]
    for index in 1..<max(1, types.count) {
      switch types.kind(index) {
      case .int, .float, .forward, .enumeration, .enumeration64: break
      default: continue
      }
      let id = UInt32(index)
      let twin = known.twin(of: id, hash: types.hash(index) { $0 }) { types.areEqual(Int($0), index) { $0 } }
      if let twin {
        if index >= firstOwn { classes.guess(id, isPartOf: twin) }
      } else if types.kind(index)?.isEnumeration == true {
        enumerations[types.name(index), default: []].append(id)
      }
    }
    // An enumeration without values is a forward declaration of the only one that has the name.
    for (name, ids) in enumerations where name != 0 {
      let full = ids.filter { types.elementCount(Int($0)) > 0 }
      guard full.count == 1 else { continue }
      for id in ids where id != full[0] && id >= firstOwn { classes.guess(id, isPartOf: full[0]) }
    }
    classes.commit()
  }

  // MARK: Structs and unions

  private mutating func mergeComposites() {
    var known = TwinTable(count: types.count)
    for index in 1..<max(1, types.count) where types.kind(index)?.isComposite == true {
      let id = UInt32(index)
      guard classes.root(id) == id else { continue }
      _ = known.twin(of: id, hash: types.hash(index) { _ in 0 }) { index >= firstOwn && unify($0, id) }
    }
  }

  // MARK: Forward declarations

  private struct Key: Hashable {
    var name: UInt32
    var isUnion: Bool
  }

  /// Merges a forward declaration with the only struct or union that has its name.
  private mutating func resolveForwards() {
    var named: [Key: Set<UInt32>] = [:]
    for index in 1..<max(1, types.count) where types.kind(index)?.isComposite == true && types.name(index) != 0 {
      let key = Key(name: types.name(index), isUnion: types.kind(index) == .union)
      named[key, default: []].insert(classes.root(UInt32(index)))
    }
    for index in max(1, firstOwn)..<max(1, firstOwn, types.count) where types.kind(index) == .forward {
      guard classes.root(UInt32(index)) == UInt32(index) else { continue }
      let key = Key(name: types.name(index), isUnion: RecordLayout.flag(types.info(index)))
      guard let roots = named[key], roots.count == 1, let root = roots.first else { continue }
      classes.guess(UInt32(index), isPartOf: root)
      classes.commit()
    }
  }
}
