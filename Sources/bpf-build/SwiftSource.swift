// SPDX-License-Identifier: Apache-2.0
import BPFSkeleton
import BTF
import BTFText

/// The Swift file of one object.
///
/// The object is base64 in a `StaticString`: compiling 64 KB so takes 0.3 s, as an array literal 7 s.
func objectSource(name: String, bytes: [UInt8]) -> String {
  """
  // Made by bpf-build: do not edit.
  extension Objects {
    package static let \(name): [UInt8] = decode(\"\(Base64.encode(bytes))\")
  }

  """
}

/// The Swift file that declares `Objects` and names all of a target's objects.
func listSource(_ names: [String]) -> String {
  var entries = ""
  for name in names { entries += "\n    (\"\(name)\", { \(propertyName(name)) })," }
  return """
    // Made by bpf-build: do not edit.

    /// The kernel programs of this target, compiled: the bytes of an ELF object each, decoded on first use.
    package enum Objects {
      /// Every object with the name of its source file.
      package static let all: [(name: String, bytes: @Sendable () -> [UInt8])] = [\(entries)
      ]

      static func decode(_ text: StaticString) -> [UInt8] {
        text.withUTF8Buffer { text in
          [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3) { bytes, count in
            var word: UInt32 = 0
            for (index, character) in text.enumerated() where character != 61 {
              let digit: UInt8 =
                switch character {
                case 65...90: character - 65
                case 97...122: character - 71
                case 48...57: character + 4
                case 43: 62
                default: 63
                }
              word = word << 6 | UInt32(digit)
              if index & 3 != 0 {
                bytes[count] = UInt8(truncatingIfNeeded: word >> (6 - 2 * UInt32(index & 3)))
                count += 1
              }
            }
          }
        }
      }
    }

    """
}

/// `execve_tracker` as Swift spells it: `execveTracker`. Other characters that no identifier may hold end a word too.
func propertyName(_ name: String) -> String {
  var result = ""
  var startsWord = false
  for character in name {
    guard character.isLetter || character.isASCII && character.isNumber else {
      startsWord = !result.isEmpty
      continue
    }
    if result.isEmpty, character.isNumber { result = "_" }
    result += startsWord ? character.uppercased() : String(character)
    startsWord = false
  }
  var names = SwiftNames(separator: "_")
  return names.claim(result)
}
