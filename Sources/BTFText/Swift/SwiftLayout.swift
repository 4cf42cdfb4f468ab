// SPDX-License-Identifier: Apache-2.0

import BTF

/// How a struct or union is stored in Swift so that each member lies where C puts it.
///
/// Swift lays stored properties out in order, each at the next multiple of its alignment, and a struct's size ends with
/// its last property. With padding as properties of their own, size and stride are C's. All distances are in bytes, but
/// for `bitOffset` and `bitSize`.
struct SwiftLayout {
  /// A member with a name; those of unnamed structs count as the outer one's.
  struct Field {
    var name: String
    var type: TypeID
    var bitOffset: Int
    var bitSize: Int
    var size: Int
    /// Of the type in Swift.
    var alignment: Int
  }

  /// A property that is stored.
  enum Storage {
    case field(Field)
    /// Bytes that accessors read: bit fields and unnamed unions.
    case raw(Range<Int>, unit: Int)
    case padding(Range<Int>)
  }

  var storage: [Storage] = []
  /// Members that are not stored properties.
  var accessors: [Field] = []
  /// Arrays without elements: at the end of the struct flexible ones, elsewhere marks.
  var empty: [Field] = []
  var alignment = 1

  /// What a struct or union holds, before it is laid out.
  enum Item {
    case field(Field)
    /// An unnamed union: a stretch of bytes with views.
    case union(Range<Int>, alignment: Int, views: [Field])
  }

  init(_ items: [Item], size: Int, isUnion: Bool) {
    if !isUnion, let stored = SwiftLayout(storing: items, size: size) {
      self = stored
      return
    }
    // A union, or packed: bytes, aligned as far as all that is in them is.
    for item in items {
      switch item {
      case .field(let field): take(field)
      case .union(_, _, let views): for view in views { take(view) }
      }
    }
    let wanted = isUnion ? (accessors + empty).map { $0.alignment }.max() ?? 1 : 1
    alignment = Self.unit(for: 0..<size, atMost: wanted)
    if size > 0 { storage = [.raw(0..<size, unit: alignment)] }
  }

  private mutating func take(_ field: Field) {
    if field.size == 0 { empty.append(field) } else { accessors.append(field) }
  }

  private init?(storing items: [Item], size: Int) {
    var cursor = 0
    /// Bits up to which the bit fields at hand reach, and the unit they ask for.
    var bits: (end: Int, unit: Int)?

    func closeBits(at end: Int, _ layout: inout SwiftLayout) -> Bool {
      guard let open = bits else { return true }
      bits = nil
      guard end * 8 >= open.end else { return false }
      layout.store(raw: cursor..<end, atMost: open.unit, size: size)
      cursor = end
      return true
    }

    for item in items {
      let (start, length, itemAlignment): (Int, Int, Int)
      switch item {
      case .field(let field) where field.bitSize > 0:
        guard field.bitOffset >= cursor * 8 else { return nil }
        bits = (max(bits?.end ?? 0, field.bitOffset + field.bitSize), max(bits?.unit ?? 1, field.alignment))
        accessors.append(field)
        continue
      case .field(let field):
        guard field.bitOffset % 8 == 0 else { return nil }
        if field.size == 0 {
          empty.append(field)
          continue
        }
        (start, length, itemAlignment) = (field.bitOffset / 8, field.size, field.alignment)
      case .union(let range, let unionAlignment, _):
        (start, length, itemAlignment) = (range.lowerBound, range.count, unionAlignment)
      }
      guard start >= cursor, closeBits(at: start, &self), start % itemAlignment == 0 else { return nil }
      if start > cursor { storage.append(.padding(cursor..<start)) }
      switch item {
      case .field(let field):
        storage.append(.field(field))
        alignment = max(alignment, itemAlignment)
      case .union(let range, let unionAlignment, let views):
        for view in views { take(view) }
        if length > 0 { store(raw: range, atMost: unionAlignment, size: size) }
      }
      cursor = start + length
    }
    guard cursor <= size, closeBits(at: size, &self) else { return nil }
    if cursor < size { storage.append(.padding(cursor..<size)) }
    guard size % alignment == 0 else { return nil }
  }

  private mutating func store(raw range: Range<Int>, atMost wanted: Int, size: Int) {
    let unit = min(Self.unit(for: range, atMost: wanted), Self.unit(for: 0..<size, atMost: wanted))
    storage.append(.raw(range, unit: unit))
    alignment = max(alignment, unit)
  }

  /// The largest integer, in bytes, of which the range is made.
  private static func unit(for range: Range<Int>, atMost wanted: Int) -> Int {
    var unit = 16
    while unit > 1, unit > wanted || range.lowerBound % unit != 0 || range.count % unit != 0 { unit /= 2 }
    return unit
  }
}
