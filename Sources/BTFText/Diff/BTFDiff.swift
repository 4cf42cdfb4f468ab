// SPDX-License-Identifier: Apache-2.0

public import BTF

/// What differs between two kernels', modules' or objects' types: the change that breaks, or might break, a program.
///
/// Types are matched by kind and name. A member of type `struct inode *` is the same as long as the name is: what
/// changed in `struct inode` is told once, under its own name. Anonymous types are compared by what is in them.
public struct BTFDiff: Hashable, Sendable {
  /// The named things of a program, as they are matched: both widths of enumeration are one kind.
  public enum Kind: String, Hashable, Sendable, CaseIterable, Comparable {
    case structure = "struct"
    case union = "union"
    case enumeration = "enum"
    case typedef = "typedef"
    case function = "function"
    case variable = "variable"
    case integer = "int"
    case float = "float"

    public static func < (a: Kind, b: Kind) -> Bool { a.order < b.order }
    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  /// A type that only one side has.
  public struct Entry: Hashable, Sendable {
    public var kind: Kind
    public var name: String
    /// The type as C declares it, such as `int vfs_open(const struct path *, struct file *)`.
    public var declaration: String
    /// Bytes, of kinds that have a size.
    public var size: Int?
  }

  /// A type that both sides have, and what became different.
  public struct Change: Hashable, Sendable {
    public var kind: Kind
    public var name: String
    public var details: [Detail]
  }

  public enum Detail: Hashable, Sendable {
    /// Bytes.
    case size(from: Int, to: Int)
    /// What a typedef, function or variable is, as C.
    case type(from: String, to: String)
    case memberAdded(name: String, type: String, bitOffset: Int)
    case memberRemoved(name: String, type: String, bitOffset: Int)
    case memberType(name: String, from: String, to: String)
    /// Bits from the start of the structure.
    case memberMoved(name: String, from: Int, to: Int)
    case valueAdded(name: String, value: Int128)
    case valueRemoved(name: String, value: Int128)
    case valueChanged(name: String, from: Int128, to: Int128)
  }

  /// By kind, then name.
  public var added: [Entry]
  public var removed: [Entry]
  public var changed: [Change]

  public var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

  /// - Throws: ``BTFError`` for types that cannot be real.
  /// - Complexity: O(types and members of both).
  public init(from old: BTFTypes, to new: BTFTypes) throws(BTFError) {
    var comparison = BTFComparison(old, new)
    let (before, after) = (Self.index(old), Self.index(new))
    added = []
    removed = []
    changed = []
    for (key, ids) in before {
      let (ours, theirs) = try Self.unmatched(ids, after[key] ?? [], &comparison)
      for (a, b) in zip(ours, theirs) {
        let details = try comparison.details(a, b)
        if !details.isEmpty { changed.append(Change(kind: key.kind, name: key.name, details: details)) }
      }
      for id in ours.dropFirst(theirs.count) { removed.append(Self.entry(key, id, old)) }
      for id in theirs.dropFirst(ours.count) { added.append(Self.entry(key, id, new)) }
    }
    for (key, ids) in after where before[key] == nil {
      for id in ids { added.append(Self.entry(key, id, new)) }
    }
    added.sort { ($0.kind, $0.name, $0.declaration) < ($1.kind, $1.name, $1.declaration) }
    removed.sort { ($0.kind, $0.name, $0.declaration) < ($1.kind, $1.name, $1.declaration) }
    changed.sort { ($0.kind, $0.name, "\($0.details)") < ($1.kind, $1.name, "\($1.details)") }
  }

  private struct Key: Hashable {
    var kind: Kind
    var name: String
  }

  /// Types of one name, from different source files: those without an equal on the other side, in order.
  private static func unmatched(
    _ old: [TypeID], _ new: [TypeID], _ comparison: inout BTFComparison
  ) throws(BTFError) -> (old: [TypeID], new: [TypeID]) {
    var (ours, theirs): ([TypeID], [TypeID]) = ([], new)
    for (position, id) in old.enumerated() {
      var twin: Int?
      // More of one name than any kernel has are not all compared with each other.
      for candidate in theirs.indices.prefix(64) where try comparison.areEqual(id, theirs[candidate]) {
        twin = candidate
        break
      }
      if let twin { theirs.remove(at: twin) } else { ours.append(old[position]) }
    }
    return (ours, theirs)
  }

  private static func index(_ types: BTFTypes) -> [Key: [TypeID]] {
    var index: [Key: [TypeID]] = [:]
    for id in types.ids {
      guard let kind = Kind(types.kind(id)) else { continue }
      let name = types.name(id)
      if !name.isEmpty { index[Key(kind: kind, name: name), default: []].append(id) }
    }
    return index
  }

  private static func entry(_ key: Key, _ id: TypeID, _ types: BTFTypes) -> Entry {
    let declaration =
      switch key.kind {
      case .function, .variable: types.declaration(of: id, named: key.name)
      case .typedef: "typedef " + types.declaration(of: types.record(id)?.type ?? .void, named: key.name)
      default: types.declaration(of: id)
      }
    return Entry(kind: key.kind, name: key.name, declaration: declaration, size: (try? types.type(id))?.size)
  }
}

extension BTFDiff.Kind {
  fileprivate init?(_ kind: BTFKind?) {
    switch kind {
    case .structure: self = .structure
    case .union: self = .union
    case .enumeration, .enumeration64: self = .enumeration
    case .typedef: self = .typedef
    case .function: self = .function
    case .variable: self = .variable
    case .int: self = .integer
    case .float: self = .float
    default: return nil
    }
  }
}
