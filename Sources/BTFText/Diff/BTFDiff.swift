// SPDX-License-Identifier: Apache-2.0

public import BTF

/// What differs between two kernels', modules' or objects' types: the change that breaks, or might break, a program.
///
/// Types are matched by kind and name. A member of type `struct inode *` is the same as long as the name is: what
/// changed in `struct inode` is reported once, under its own name. Anonymous types are compared by what is in them.
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
    private var order: Int {
      switch self {
      case .structure: 0
      case .union: 1
      case .enumeration: 2
      case .typedef: 3
      case .function: 4
      case .variable: 5
      case .integer: 6
      case .float: 7
      }
    }
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
  /// - Complexity: O(types and members of both, and sorting what differs)
  public init(from old: BTFTypes, to new: BTFTypes) throws(BTFError) {
    var comparison = BTFComparison(old, new)
    added = []
    removed = []
    // Of several types of one name the one with the lower id comes first.
    var found: [(change: Change, id: TypeID)] = []
    for (key, ids) in Self.pairs(old, new) {
      let (ours, theirs) = try Self.unmatched(ids, &comparison)
      guard !ours.isEmpty || !theirs.isEmpty else { continue }
      let name = key.name
      for (a, b) in zip(ours, theirs) {
        let details = try comparison.details(a, b)
        if !details.isEmpty { found.append((Change(kind: key.kind, name: name, details: details), a)) }
      }
      for id in ours.dropFirst(theirs.count) { removed.append(Self.entry(key.kind, name, id, old)) }
      for id in theirs.dropFirst(ours.count) { added.append(Self.entry(key.kind, name, id, new)) }
    }
    added.sort { ($0.kind, $0.name, $0.declaration) < ($1.kind, $1.name, $1.declaration) }
    removed.sort { ($0.kind, $0.name, $0.declaration) < ($1.kind, $1.name, $1.declaration) }
    found.sort { ($0.change.kind, $0.change.name, $0.id) < ($1.change.kind, $1.change.name, $1.id) }
    changed = found.map(\.change)
  }

  /// A kind and a name as it lies in the types, which are kept as long as this is used.
  private struct Key: Hashable {
    var kind: Kind
    var utf8: UnsafeRawBufferPointer
    var name: String { String(decoding: utf8, as: UTF8.self) }

    func hash(into hasher: inout Hasher) {
      hasher.combine(kind)
      hasher.combine(bytes: utf8)
    }

    static func == (a: Key, b: Key) -> Bool {
      a.kind == b.kind && a.utf8.count == b.utf8.count && a.utf8.elementsEqual(b.utf8)
    }
  }

  /// The types of one kind and name on both sides, in the order of their ids.
  private struct Namesakes {
    var old: [TypeID] = []
    var new: [TypeID] = []
  }

  private static func pairs(_ old: BTFTypes, _ new: BTFTypes) -> [Key: Namesakes] {
    var pairs: [Key: Namesakes] = [:]
    func note(_ types: BTFTypes, _ side: WritableKeyPath<Namesakes, [TypeID]>) {
      for id in types.ids {
        guard let record = types.record(id), record.name != 0, let kind = Kind(record.kind),
          let name = record.home.utf8(at: record.name), !name.isEmpty
        else { continue }
        pairs[Key(kind: kind, utf8: name), default: Namesakes()][keyPath: side].append(id)
      }
    }
    note(old, \.old)
    note(new, \.new)
    return pairs
  }

  /// Types of one name, from different source files: those without an equal on the other side, in order.
  private static func unmatched(
    _ pair: Namesakes, _ comparison: inout BTFComparison
  ) throws(BTFError) -> (old: [TypeID], new: [TypeID]) {
    var (ours, theirs): ([TypeID], [TypeID]) = ([], pair.new)
    for id in pair.old {
      var twin: Int?
      // More of one name than any kernel has are not all compared with each other.
      for candidate in theirs.indices.prefix(64) where try comparison.areEqual(id, theirs[candidate]) {
        twin = candidate
        break
      }
      if let twin { theirs.remove(at: twin) } else { ours.append(id) }
    }
    return (ours, theirs)
  }

  private static func entry(_ kind: Kind, _ name: String, _ id: TypeID, _ types: BTFTypes) -> Entry {
    let declaration =
      switch kind {
      case .function, .variable: types.declaration(of: id, named: name)
      case .typedef: "typedef " + types.declaration(of: types.record(id)?.type ?? .void, named: name)
      default: types.declaration(of: id)
      }
    return Entry(kind: kind, name: name, declaration: declaration, size: (try? types.type(id))?.size)
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
