// SPDX-License-Identifier: Apache-2.0

/// Swift's names as C identifiers, which are the only names that the kernel and libbpf accept for maps, programs,
/// variables and types.
///
/// `zähler` is `z_ue4_hler`: each scalar that no C identifier has stands as its number, so that `zähler` can be read
/// back where Swift is written again.
package enum CIdentifier {
  /// The name, with `_uHEX_` for each scalar besides ASCII letters, digits and underscores.
  package static func encoded(_ name: String) -> String {
    guard !name.utf8.allSatisfy(isPart) || name.utf8.first.map(isDigit) ?? true else { return name }
    var text = name.utf8.first.map(isDigit) ?? true ? "_" : ""
    for scalar in name.unicodeScalars {
      if let byte = UInt8(exactly: scalar.value), isPart(byte) {
        text.unicodeScalars.append(scalar)
      } else {
        text += "_u\(String(scalar.value, radix: 16))_"
      }
    }
    return text
  }

  /// The name that was encoded: with the letters of other alphabets, which Swift's identifiers may have.
  package static func decoded(_ name: String) -> String {
    let bytes = Array(name.utf8)
    var text = String.UnicodeScalarView()
    var index = 0
    while index < bytes.count {
      if let (scalar, end) = escape(bytes, at: index) {
        text.append(scalar)
        index = end
      } else {
        text.append(Unicode.Scalar(bytes[index]))
        index += 1
      }
    }
    return name.utf8.contains { $0 >= 0x80 } ? name : String(text)
  }

  private static func escape(_ bytes: [UInt8], at start: Int) -> (Unicode.Scalar, end: Int)? {
    guard bytes[start...].starts(with: "_u".utf8),
      let end = bytes[(start + 2)...].firstIndex(of: UInt8(ascii: "_")), end - start <= 8,
      let number = UInt32(String(decoding: bytes[(start + 2)..<end], as: UTF8.self), radix: 16), number >= 0x80,
      let scalar = Unicode.Scalar(number), scalar.properties.isXIDContinue
    else { return nil }
    return (scalar, end + 1)
  }

  private static func isPart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
    default: isDigit(byte)
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
