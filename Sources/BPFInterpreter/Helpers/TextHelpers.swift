// SPDX-License-Identifier: Apache-2.0

// Helpers on strings.
extension Execution {
  static let textHelpers: [(String, HelperBody)] = [
    ("trace_printk", { try $0.print([$0.argument(3), $0.argument(4), $0.argument(5)]) }),
    ("trace_vprintk", { try $0.print($0.words($0.argument(3), $0.word(4))) }),
    ("snprintf", { try $0.printInto() }),
    ("seq_printf", { try $0.printSequence() }),
    ("seq_write", { try $0.writeSequence() }),
    ("strtol", { try $0.parseNumber(isSigned: true) }),
    ("strtoul", { try $0.parseNumber(isSigned: false) }),
    ("strncmp", { try $0.compareStrings() }),
  ]

  private var formatting: Formatting {
    Formatting { [space] address in
      let access: Region.Access = [.load, .kernelRead, .userRead]
      let count = space.extent(from: address, access)
      guard count > 0, let place = space.pointer(address, UInt32(count), access) else { return nil }
      return Array(UnsafeRawBufferPointer(start: place, count: count).prefix { $0 != 0 })
    }
  }

  private func words(_ address: UInt64, _ size: UInt64) throws(InterpreterError) -> [UInt64] {
    let bytes = try input(address, size)
    return stride(from: 0, to: bytes.count - 7, by: 8).map { bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self) }
  }

  private func format(_ address: UInt64, _ size: UInt64) throws(InterpreterError) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: try input(address, size).prefix { $0 != 0 })
  }

  private func print(_ arguments: [UInt64]) throws(InterpreterError) -> UInt64 {
    let format = try format(argument(1), word(2))
    guard var text = formatting.text(format, arguments) else { return answer(.invalid) }
    charge(16)
    let count = text.count
    if text.last == UInt8(ascii: "\n") { text.removeLast() }
    owner.printed.append(String(decoding: text, as: UTF8.self))
    return UInt64(count)
  }

  private func printInto() throws(InterpreterError) -> UInt64 {
    let room = try output(argument(1), word(2))
    let format = try text(argument(3))
    let arguments = try words(argument(4), word(5))
    guard word(5) % 8 == 0, let text = formatting.text(format, arguments) else { return answer(.invalid) }
    if !room.isEmpty {
      let kept = text.prefix(room.count - 1)
      room.copyBytes(from: kept)
      room[kept.count] = 0
    }
    return UInt64(text.count + 1)
  }

  private func printSequence() throws(InterpreterError) -> UInt64 {
    let format = try format(argument(2), word(3))
    guard let text = formatting.text(format, try words(argument(4), word(5))) else { return answer(.invalid) }
    written += text
    return 0
  }

  private func writeSequence() throws(InterpreterError) -> UInt64 {
    written += Array(try input(argument(2), word(3)))
    return 0
  }

  /// A number at the start of a string; returns how many bytes it took.
  private func parseNumber(isSigned: Bool) throws(InterpreterError) -> UInt64 {
    let bytes = try input(argument(1), word(2))
    let room = try output(argument(4), 8)
    var base = argument(3)
    guard base == 0 || base == 8 || base == 10 || base == 16, !bytes.isEmpty else { return answer(.invalid) }
    var index = bytes.prefix { $0 == 0x20 || (9...13).contains($0) }.count
    var isNegative = false
    if index < bytes.count, bytes[index] == UInt8(ascii: "-") {
      isNegative = true
      index += 1
    }
    let rest = bytes[index...]
    let isHexadecimal = rest.count > 2 && rest.first == UInt8(ascii: "0") && rest[index + 1] | 0x20 == UInt8(ascii: "x")
    if base == 0 { base = isHexadecimal ? 16 : rest.first == UInt8(ascii: "0") ? 8 : 10 }
    if base == 16, isHexadecimal { index += 2 }
    var value: UInt64 = 0
    let start = index
    while index < bytes.count, let digit = Self.digit(bytes[index]), digit < base {
      let (product, overflow) = value.multipliedReportingOverflow(by: base)
      let (sum, carry) = product.addingReportingOverflow(digit)
      guard !overflow, !carry else { return answer(.outOfRange) }
      value = sum
      index += 1
    }
    guard index > start, isSigned || !isNegative else { return answer(.invalid) }
    if isSigned, value > UInt64(Int64.max) + (isNegative ? 1 : 0) { return answer(.outOfRange) }
    room.storeBytes(of: isNegative ? 0 &- value : value, as: UInt64.self)
    return UInt64(index)
  }

  private static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }

  private func compareStrings() throws(InterpreterError) -> UInt64 {
    let first = try input(argument(1), word(2))
    let second = try text(argument(3))
    for index in 0..<first.count {
      let other = index < second.count ? second[index] : 0
      if first[index] != other { return first[index] < other ? UInt64.max : 1 }
      if other == 0 { break }
    }
    return 0
  }
}
