// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How names are found in one BTF, chosen as lookups come.
///
/// The first few read through all types, which costs less than an index. Then BTF whose types are sorted by name, as
/// new kernels have it, is bisected and needs no index; any other gets one.
struct NameLookup {
  /// Lookups that cost about as much as making the index.
  static let patience = 4

  enum Method {
    case scan
    /// Sorted by name from this position on, after all types without name.
    case bisect(from: Int)
    case index(NameIndex)
  }

  private var lookups = 0
  private var chosen: Method?
  private var flavored: [TypeID]?

  mutating func method(for types: BTFTypes) -> Method {
    if let chosen { return chosen }
    lookups += 1
    if lookups <= Self.patience { return .scan }
    let method: Method =
      if let start = types.sortedNamesStart() { .bisect(from: start) } else { .index(NameIndex(types)) }
    chosen = method
    return method
  }

  /// Makes the next lookup the one that pays for an index.
  mutating func expectMany() { lookups = max(lookups, Self.patience) }

  mutating func flavored(in types: BTFTypes) -> [TypeID] {
    if let flavored { return flavored }
    let found = types.findFlavored()
    flavored = found
    return found
  }
}

extension BTFTypes {
  /// The ids of all types of a name, whatever their kind, the base's first.
  ///
  /// - Parameters:
  ///   - name: the whole name.
  ///   - includingBase: whether types of the base are wanted too; ask without for each of many modules.
  /// - Complexity: O(1) on average once an index is made, O(log types) in sorted BTF, O(types) for the first few calls.
  public func ids(named name: String, includingBase: Bool = true) -> [TypeID] {
    var ids: [TypeID] = []
    search(name, includingBase: includingBase) { id in
      ids.append(id)
      return true
    }
    return ids
  }

  /// The first type of a name and kind, the base's before this BTF's own.
  ///
  /// - Parameters:
  ///   - name: the whole name.
  ///   - kind: the only kind wanted.
  ///   - includingBase: whether types of the base are wanted too; ask without for each of many modules.
  public func id(named name: String, kind: BTFKind, includingBase: Bool = true) -> TypeID? {
    var found: TypeID?
    search(name, kind: kind, includingBase: includingBase) { id in
      found = id
      return false
    }
    return found
  }

  /// Calls `body` with each type of a name until it returns false.
  private func search(
    _ name: String, kind: BTFKind? = nil, includingBase: Bool, _ body: (TypeID) -> Bool
  ) {
    var name = name
    name.withUTF8 { utf8 in
      guard !utf8.isEmpty, !utf8.contains(0) else { return }
      let pattern = NamePattern(UnsafeRawBufferPointer(utf8))
      if includingBase { _ = search(pattern, kind, body) } else { _ = searchOwn(pattern, kind, body) }
    }
  }

  /// Returns false if `body` did.
  private func search(_ pattern: NamePattern, _ kind: BTFKind?, _ body: (TypeID) -> Bool) -> Bool {
    if let base, !base.search(pattern, kind, body) { return false }
    return searchOwn(pattern, kind, body)
  }

  private func searchOwn(_ pattern: NamePattern, _ kind: BTFKind?, _ body: (TypeID) -> Bool) -> Bool {
    func visit(_ position: Int) -> Bool { body(TypeID(rawValue: firstID.rawValue + UInt32(position))) }
    switch names.withLock({ $0.method(for: self) }) {
    case .scan:
      for position in 0..<offsets.count where has(pattern, kind, at: position) {
        if !visit(position) { return false }
      }
    case .index(let index):
      for position in index.candidates(pattern.name) where has(pattern, kind, at: Int(position)) {
        if !visit(Int(position)) { return false }
      }
    case .bisect(let start):
      for position in bisect(pattern.name, from: start)..<offsets.count {
        guard has(pattern, nil, at: position) else { break }
        if has(pattern, kind, at: position), !visit(position) { return false }
      }
    }
    return true
  }

  @inline(__always)
  private func has(_ pattern: NamePattern, _ kind: BTFKind?, at position: Int) -> Bool {
    let offset = offsets[position]
    if let kind, RecordLayout.kind(source.word(at: offset + 4)) != kind.rawValue { return false }
    let name = source.word(at: offset)
    guard name != 0 else { return false }
    guard UInt64(name) >= firstString else {
      return utf8(at: name).map { $0.elementsEqual(pattern.name) } ?? false
    }
    return pattern.matches(
      source, at: header.strings.lowerBound + Int(UInt64(name) - firstString), end: header.strings.upperBound)
  }

  // MARK: Sorted names

  /// Where the named types start, if all without name come first and the others follow in the order of their names.
  func sortedNamesStart() -> Int? {
    var start = 0
    while start < offsets.count, source.word(at: offsets[start]) == 0 { start += 1 }
    guard start < offsets.count, var previous = name(at: start) else { return nil }
    for position in start + 1..<offsets.count {
      guard let next = name(at: position), NameOrder.compare(previous, next) <= 0 else { return nil }
      previous = next
    }
    return start
  }

  /// The first position from `start` on whose name does not come before `name`.
  private func bisect(_ name: UnsafeRawBufferPointer, from start: Int) -> Int {
    var (low, high) = (start, offsets.count)
    while low < high {
      let middle = low + (high - low) / 2
      if let found = self.name(at: middle), NameOrder.compare(found, name) < 0 {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }

  /// From the first byte of a type's name to the end of the strings that hold it.
  @inline(__always)
  private func name(at position: Int) -> UnsafeRawBufferPointer? {
    let name = source.word(at: offsets[position])
    guard UInt64(name) >= firstString else { return base?.strings(from: name) }
    return strings(from: name)
  }

  @inline(__always)
  private func strings(from offset: UInt32) -> UnsafeRawBufferPointer? {
    if UInt64(offset) < firstString { return base?.strings(from: offset) }
    guard UInt64(offset) < endString else { return nil }
    let start = header.strings.lowerBound + Int(UInt64(offset) - firstString)
    return UnsafeRawBufferPointer(start: source.start + start, count: header.strings.upperBound - start)
  }
}
