// SPDX-License-Identifier: Apache-2.0

import BPFObject

/// How a kernel option's text becomes the value of a `__kconfig` variable.
///
/// The rules are libbpf's: `y`, `m` and `n` fit bool, `enum libbpf_tristate` and char; quoted text fits char arrays;
/// numbers fit integers.
struct KernelConfigValue: Equatable {
  var format: ExternSpec.KconfigFormat
  /// Bytes of the variable.
  var size: Int

  /// The bytes that an option's text, as in /boot/config-*, becomes; nil where the two do not fit.
  func encode(option: String) -> [UInt8]? {
    switch option {
    case "y", "n", "m":
      switch format {
      case .bool: return option == "m" ? nil : [option == "y" ? 1 : 0]
      case .tristate: return bytes(["n": 0, "y": 1, "m": 2][option] ?? 0)
      case .character: return Array(option.utf8)
      case .integer, .characters: return nil
      }
    case _ where option.hasPrefix("\""):
      guard format == .characters, size > 0, option.utf8.count >= 2, option.hasSuffix("\"") else { return nil }
      let text = option.utf8.dropFirst().dropLast().prefix(size - 1)
      return Array(text) + [UInt8](repeating: 0, count: size - text.count)
    default:
      guard format != .bool, let number = Self.number(option) else { return nil }
      return encode(number: number)
    }
  }

  /// The bytes that a number becomes; nil where it does not fit.
  func encode(number: UInt64) -> [UInt8]? {
    switch format {
    case .bool: number <= 1 ? bytes(number) : nil
    case .character(let isSigned), .integer(let isSigned): fits(number, isSigned) ? bytes(number) : nil
    case .tristate, .characters: nil
    }
  }

  /// `strtoull(text, NULL, 0)` for what stands in a kernel's configuration: 0x... or decimal, perhaps negative.
  private static func number(_ text: String) -> UInt64? {
    let isNegative = text.hasPrefix("-")
    let digits = isNegative ? text.dropFirst() : Substring(text)
    let isHexadecimal = digits.hasPrefix("0x") || digits.hasPrefix("0X")
    guard let magnitude = UInt64(isHexadecimal ? digits.dropFirst(2) : digits, radix: isHexadecimal ? 16 : 10) else {
      return nil
    }
    return isNegative ? 0 &- magnitude : magnitude
  }

  private func fits(_ number: UInt64, _ isSigned: Bool) -> Bool {
    guard size < 8 else { return true }
    let bits = UInt64(size * 8)
    return isSigned ? number &+ (1 << (bits - 1)) < 1 << bits : number >> bits == 0
  }

  private func bytes(_ number: UInt64) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0.prefix(size)) }
  }
}

extension KernelConfigValue: CustomStringConvertible {
  var description: String {
    switch format {
    case .bool: "bool"
    case .tristate: "enum libbpf_tristate"
    case .character: "char"
    case .integer(let isSigned): "\(isSigned ? "signed" : "unsigned") integer of \(size) bytes"
    case .characters: "char[\(size)]"
    }
  }
}
