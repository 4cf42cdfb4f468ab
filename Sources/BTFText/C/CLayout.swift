// SPDX-License-Identifier: Apache-2.0

import BTF

/// What must be written besides its members for a struct or union to come out as BTF says: where padding goes, and
/// whether the type has to be packed.
///
/// BTF records offsets and sizes but no attributes. So the C compiler's layout (System V, which clang's BPF target
/// follows) is played through: first with natural alignment, then packed. All distances are in bits.
struct CLayout {
  /// A member as far as layout goes.
  struct Member {
    var bitOffset: Int
    /// Bits of the member's type.
    var size: Int
    /// Bits to which the member's type is aligned.
    var alignment: Int
    /// Bits of a bit field; 0 for others.
    var width = 0
  }

  var isPacked = false
  /// Bytes.
  var alignment = 1
  /// Per member, what to fill before it.
  var gaps: [Range<Int>?] = []
  /// What to fill after the last member; in a union, the extent that no member has.
  var tail: Range<Int>?

  /// - Parameter size: bytes of the whole.
  init(_ members: [Member], size: Int, isUnion: Bool) {
    if let natural = CLayout(trying: members, size: size * 8, isUnion: isUnion, isPacked: false) {
      self = natural
    } else if let packed = CLayout(trying: members, size: size * 8, isUnion: isUnion, isPacked: true) {
      self = packed
    } else {
      // Members that overlap or lie outside: no C compiler made this. Print it without claims.
      isPacked = true
      gaps = members.map { _ in nil }
    }
  }

  private init?(trying members: [Member], size: Int, isUnion: Bool, isPacked: Bool) {
    self.isPacked = isPacked
    let unit = isPacked ? 8 : max(8, members.lazy.map(\.alignment).max() ?? 8)
    alignment = unit / 8
    gaps.reserveCapacity(members.count)
    var cursor = 0
    var end = 0
    for member in members {
      if isUnion { cursor = 0 }
      guard let gap = Self.gap(before: member, at: cursor, isPacked: isPacked) else { return nil }
      gaps.append(gap.isEmpty ? nil : gap)
      cursor = member.bitOffset + (member.width == 0 ? member.size : member.width)
      end = max(end, cursor)
    }
    guard (end + unit - 1) / unit * unit != size else { return }
    guard end < size, size % unit == 0 else { return nil }
    tail = isUnion ? 0..<size : end..<size
  }

  /// What to fill for the compiler to put the member at its place; nil if nothing would help.
  private static func gap(before member: Member, at cursor: Int, isPacked: Bool) -> Range<Int>? {
    let natural: Int
    let canStand: Bool
    if member.width > 0 {
      // A bit field goes to the next bit, unless it would then cross a boundary of its type.
      let crosses = !isPacked && member.size > 0 && cursor % member.size + member.width > member.size
      natural = crosses ? (cursor + member.size - 1) / member.size * member.size : cursor
      canStand =
        isPacked || member.size == 0 || member.bitOffset % member.size + member.width <= member.size
    } else {
      let unit = isPacked ? 8 : member.alignment
      natural = (cursor + unit - 1) / unit * unit
      canStand = member.bitOffset % unit == 0
    }
    if natural == member.bitOffset { return cursor..<cursor }
    guard canStand, member.bitOffset >= cursor else { return nil }
    return cursor..<member.bitOffset
  }

  /// The unnamed bit fields that fill a gap, as type and width.
  ///
  /// None crosses a boundary of its type, so each lands right after the one before.
  func filling(_ gap: Range<Int>, size: Int) -> [(type: StaticString, width: Int)] {
    var fields: [(type: StaticString, width: Int)] = []
    var cursor = gap.lowerBound
    let unit = isPacked || gap.count > 64 && size % 8 == 0 ? 64 : min(alignment, 8) * 8
    while cursor < gap.upperBound {
      let boundary = isPacked ? cursor + unit : (cursor / unit + 1) * unit
      let width = min(boundary, gap.upperBound) - cursor
      let bits = isPacked ? width : unit
      fields.append((bits <= 8 ? "char" : bits <= 16 ? "short" : bits <= 32 ? "int" : "long", width))
      cursor += width
    }
    return fields
  }
}
