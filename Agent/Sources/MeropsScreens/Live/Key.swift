// SPDX-License-Identifier: Apache-2.0

/// A key that a person pressed.
public enum Key: Hashable, Sendable {
  case character(Character)
  case up, down, left, right, pageUp, pageDown, home, end
  case enter, escape, backspace, tab
  /// Ctrl and a letter.
  case control(Character)
}

/// Makes keys of what a terminal sends.
public struct KeyReader: Sendable {
  private var rest: [UInt8] = []

  public init() {}

  /// Whether the bytes so far are the beginning of a key, or the escape key: nobody knows before more comes, or does not.
  public var isWaiting: Bool { !rest.isEmpty }

  /// The keys that the bytes complete. Sequences that mean nothing here are left out.
  public mutating func keys(_ bytes: some Sequence<UInt8>) -> [Key] {
    rest += bytes
    var keys: [Key] = []
    while let (key, count) = next() {
      rest.removeFirst(count)
      if let key { keys.append(key) }
    }
    return keys
  }

  /// Nothing has come for a moment: what is there was all.
  public mutating func flush() -> [Key] {
    defer { rest = [] }
    return rest == [Self.escape] ? [.escape] : []
  }

  private static let escape: UInt8 = 0x1b

  /// The first key and its bytes; nil if more has to come.
  private func next() -> (key: Key?, count: Int)? {
    guard let first = rest.first else { return nil }
    switch first {
    case Self.escape: return sequence()
    case 0x0d, 0x0a: return (.enter, 1)
    case 0x7f, 0x08: return (.backspace, 1)
    case 0x09: return (.tab, 1)
    case 0..<0x20: return (.control(Character(Unicode.Scalar(first | 0x60))), 1)
    default: break
    }
    let length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1
    guard rest.count >= length else { return nil }
    guard let text = String(validating: rest.prefix(length), as: UTF8.self), let character = text.first else {
      return (nil, 1)
    }
    return (.character(character), length)
  }

  /// ESC [ parameters letter, or ESC O letter (ECMA-48).
  private func sequence() -> (key: Key?, count: Int)? {
    guard rest.count > 1 else { return nil }
    switch rest[1] {
    case UInt8(ascii: "["):
      guard let end = rest.dropFirst(2).firstIndex(where: { (0x40...0x7e).contains($0) }) else {
        // Nothing that a terminal sends for a key is that long.
        return rest.count > 32 ? (nil, rest.count) : nil
      }
      let number = rest[2..<end].prefix { (0x30...0x39).contains($0) }
      return (Self.key(rest[end], Int(String(decoding: number, as: UTF8.self)) ?? 1), end + 1)
    case UInt8(ascii: "O"):
      guard rest.count > 2 else { return nil }
      return (Self.key(rest[2], 1), 3)
    case Self.escape: return (.escape, 1)
    // Alt and a key.
    default: return (nil, 2)
    }
  }

  private static func key(_ letter: UInt8, _ number: Int) -> Key? {
    switch (letter, number) {
    case (UInt8(ascii: "A"), _): .up
    case (UInt8(ascii: "B"), _): .down
    case (UInt8(ascii: "C"), _): .right
    case (UInt8(ascii: "D"), _): .left
    case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), 1), (UInt8(ascii: "~"), 7): .home
    case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), 4), (UInt8(ascii: "~"), 8): .end
    case (UInt8(ascii: "~"), 5): .pageUp
    case (UInt8(ascii: "~"), 6): .pageDown
    default: nil
    }
  }
}
