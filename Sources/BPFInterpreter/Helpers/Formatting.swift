// SPDX-License-Identifier: Apache-2.0

/// Text from a C format and arguments of 8 bytes each, as `bpf_printk` and `bpf_snprintf` make it.
struct Formatting {
  /// The bytes of a string that an argument points to.
  let string: (UInt64) -> [UInt8]?

  /// The text, without a final zero; nil for a conversion that the kernel's printers do not have.
  func text(_ format: UnsafeRawBufferPointer, _ arguments: [UInt64]) -> [UInt8]? {
    var result: [UInt8] = []
    var arguments = arguments[...]
    var index = 0
    while index < format.count {
      let byte = format[index]
      index += 1
      guard byte == UInt8(ascii: "%") else {
        result.append(byte)
        continue
      }
      guard let conversion = Conversion(format, &index) else { return nil }
      if conversion.letter == UInt8(ascii: "%") {
        result.append(UInt8(ascii: "%"))
      } else {
        guard let text = text(conversion, arguments.popFirst() ?? 0) else { return nil }
        result += text
      }
    }
    return result
  }

  private func text(_ conversion: Conversion, _ value: UInt64) -> [UInt8]? {
    let isWide = conversion.isWide
    let body: String
    switch conversion.letter {
    case UInt8(ascii: "d"), UInt8(ascii: "i"):
      body = String(isWide ? Int64(bitPattern: value) : Int64(Int32(truncatingIfNeeded: value)))
    case UInt8(ascii: "u"): body = String(isWide ? value : value & 0xffff_ffff)
    case UInt8(ascii: "x"):
      body = (conversion.hasPrefix ? "0x" : "") + String(isWide ? value : value & 0xffff_ffff, radix: 16)
    case UInt8(ascii: "X"):
      body =
        (conversion.hasPrefix ? "0X" : "") + String(isWide ? value : value & 0xffff_ffff, radix: 16, uppercase: true)
    case UInt8(ascii: "c"): return conversion.padded([UInt8(truncatingIfNeeded: value)])
    case UInt8(ascii: "s"): return string(value).map { conversion.padded($0) }
    case UInt8(ascii: "p"):
      // Strings of the kernel (%pks) and of processes (%pus).
      if conversion.isString { return string(value).map { conversion.padded($0) } }
      let digits = String(value, radix: 16)
      body = String(repeating: "0", count: 16 - digits.count) + digits
    default: return nil
    }
    return conversion.padded(Array(body.utf8))
  }

  /// What stands between a percent sign and its letter.
  private struct Conversion {
    var letter: UInt8 = 0
    var width = 0
    var isLeft = false
    var hasZeros = false
    var hasPrefix = false
    var isWide = false
    var isString = false

    init?(_ format: UnsafeRawBufferPointer, _ index: inout Int) {
      while index < format.count {
        let byte = format[index]
        index += 1
        switch byte {
        case UInt8(ascii: "-"): isLeft = true
        case UInt8(ascii: "#"): hasPrefix = true
        case UInt8(ascii: "0") where width == 0: hasZeros = true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): width = min(1024, width * 10 + Int(byte - UInt8(ascii: "0")))
        case UInt8(ascii: "+"), UInt8(ascii: " "), UInt8(ascii: "h"): break
        case UInt8(ascii: "l"), UInt8(ascii: "z"): isWide = true
        case UInt8(ascii: "p"):
          letter = byte
          // %px, %pK, %pB take one letter more; %pks and %pus two.
          let rest = format[index...]
          if rest.starts(with: "ks".utf8) || rest.starts(with: "us".utf8) {
            isString = true
            index += 2
          } else if let next = rest.first, "xKBsS".utf8.contains(next) {
            index += 1
          }
          return
        default:
          letter = byte
          return
        }
      }
      return nil
    }

    func padded(_ body: [UInt8]) -> [UInt8] {
      let missing = max(0, width - body.count)
      if isLeft { return body + [UInt8](repeating: UInt8(ascii: " "), count: missing) }
      guard hasZeros, letter != UInt8(ascii: "s") else {
        return [UInt8](repeating: UInt8(ascii: " "), count: missing) + body
      }
      let sign = body.first == UInt8(ascii: "-") ? 1 : 0
      return body.prefix(sign) + [UInt8](repeating: UInt8(ascii: "0"), count: missing) + body.dropFirst(sign)
    }
  }
}
