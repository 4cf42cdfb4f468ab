// SPDX-License-Identifier: Apache-2.0

/// A pattern for paths: `*` is any run of bytes without a slash, `**` any run, `?` one byte but a slash, `\` takes the
/// next byte as it is.
public struct Glob: Hashable, Sendable {
  public enum Part: Hashable, Sendable {
    case byte(UInt8)
    case one
    case run
    case anything
  }

  public let parts: [Part]

  /// - Returns: nil where a backslash ends the pattern.
  public init?(_ pattern: [UInt8]) {
    var parts: [Part] = []
    var index = 0
    while index < pattern.count {
      defer { index += 1 }
      switch pattern[index] {
      case UInt8(ascii: "*"):
        if parts.last == .run {
          parts[parts.count - 1] = .anything
        } else if parts.last != .anything {
          parts.append(.run)
        }
      case UInt8(ascii: "?"): parts.append(.one)
      case UInt8(ascii: "\\"):
        guard index + 1 < pattern.count else { return nil }
        index += 1
        parts.append(.byte(pattern[index]))
      default: parts.append(.byte(pattern[index]))
      }
    }
    self.parts = parts
  }

  /// Whether the whole text is of the pattern.
  ///
  /// Each kind of run is as short as it can be, and grows where the rest does not fit: first the last `*`, then the last
  /// `**`. No earlier run need grow, since what followed it was found as early as possible.
  public func matches(_ text: RawSpan) -> Bool {
    var (position, offset) = (0, 0)
    var run: (position: Int, offset: Int)?
    var anything: (position: Int, offset: Int)?
    while offset < text.byteCount {
      let byte = text.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      let part = position < parts.count ? parts[position] : nil
      if part == .anything {
        position += 1
        (anything, run) = ((position, offset), nil)
      } else if part == .run {
        position += 1
        run = (position, offset)
      } else if part == .byte(byte) || part == .one && byte != Self.slash {
        position += 1
        offset += 1
      } else if let last = run, text.unsafeLoad(fromByteOffset: last.offset, as: UInt8.self) != Self.slash {
        (position, offset) = (last.position, last.offset + 1)
        run = (position, offset)
      } else if let last = anything {
        (position, offset) = (last.position, last.offset + 1)
        (anything, run) = ((position, offset), nil)
      } else {
        return false
      }
    }
    return parts[position...].allSatisfy { $0 == .run || $0 == .anything }
  }

  /// The bytes that each match starts with.
  public var prefix: [UInt8] {
    var bytes: [UInt8] = []
    for part in parts {
      guard case .byte(let byte) = part else { break }
      bytes.append(byte)
    }
    return bytes
  }

  private static let slash = UInt8(ascii: "/")
}
