// SPDX-License-Identifier: Apache-2.0

/// Where the arguments of a statically defined probe are found: `struct __bpf_usdt_spec` of libbpf's `usdt.bpf.h`,
/// which the kernel side reads.
struct USDTSpec: Hashable {
  static let maximumArguments = 12

  var arguments: [Argument]
  var cookie: UInt64

  struct Argument: Hashable {
    enum Place: UInt8 { case constant, register, memory, indexedMemory }

    var place: Place
    /// A constant, or what is added to the register.
    var value: UInt64 = 0
    /// The register's offset in `struct pt_regs`, in bytes.
    var register: Int16 = 0
    var index: UInt16 = 0
    /// log2 of what the index is multiplied by.
    var scale: UInt8 = 0
    var isSigned: Bool
    /// 1, 2, 4 or 8.
    var size: Int
  }

  /// The map's value: 12 arguments, the cookie, the count.
  ///
  /// An argument has 16 bytes, or 24 since libbpf 1.7, whose header added the index register; the map's value size shows
  /// which of the two the object was compiled with.
  func bytes(valueSize: Int) throws(USDTArgumentError) -> [UInt8] {
    let argumentSize = (valueSize - 16) / Self.maximumArguments
    guard argumentSize == 16 || argumentSize == 24 else {
      throw USDTArgumentError(
        description: "map __bpf_usdt_specs has values of \(valueSize) bytes instead of 208 or 304")
    }
    var bytes: [UInt8] = []
    for argument in arguments {
      guard argument.place != .indexedMemory || argumentSize == 24 else {
        throw USDTArgumentError(
          description: "an argument's address has an index register: compile with usdt.bpf.h of libbpf 1.7 or later"
        )
      }
      let end = bytes.count + argumentSize
      bytes.append(argument.value)
      if argumentSize == 16 {
        bytes.append(UInt32(argument.place.rawValue))
      } else {
        bytes.append(UInt16(argument.place.rawValue))
        bytes.append(argument.index | UInt16(argument.scale) << 12)
        bytes.append(UInt16(0))
      }
      bytes.append(UInt16(bitPattern: argument.register))
      bytes.append(argument.isSigned ? 1 as UInt8 : 0)
      bytes.append(UInt8(64 - argument.size * 8))
      bytes.append(contentsOf: repeatElement(0, count: end - bytes.count))
    }
    bytes.append(contentsOf: repeatElement(0, count: (Self.maximumArguments - arguments.count) * argumentSize))
    bytes.append(cookie)
    bytes.append(UInt16(arguments.count))
    bytes.append(contentsOf: repeatElement(0, count: 6))
    return bytes
  }
}

extension [UInt8] {
  fileprivate mutating func append<T: FixedWidthInteger>(_ value: T) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}

/// What is wrong with an argument's text.
struct USDTArgumentError: Error, CustomStringConvertible {
  var description: String
}

extension USDTSpec {
  /// Reads the text of a note: arguments `SIZE@PLACE` with blanks between, a negative size meaning signed.
  init(_ text: String, cookie: UInt64, registers: RegisterNames = .machine) throws(USDTArgumentError) {
    arguments = []
    self.cookie = cookie
    var rest = Substring(text)
    while let (size, place) = try Self.next(&rest) {
      guard arguments.count < Self.maximumArguments else {
        throw USDTArgumentError(description: "the probe has more than \(Self.maximumArguments) arguments: '\(text)'")
      }
      guard let bits = Int(size), [1, 2, 4, 8].contains(bits.magnitude) else {
        throw USDTArgumentError(
          description: size.hasSuffix("f")
            ? "eBPF cannot read the floating point argument '\(size)@\(place)'"
            : "argument '\(size)@\(place)' does not have a size of 1, 2, 4 or 8 bytes")
      }
      guard var argument = registers.argument(place) else {
        throw USDTArgumentError(
          description: "the place of argument '\(size)@\(place)' is not a register, address or constant")
      }
      argument.size = Int(bits.magnitude)
      argument.isSigned = bits < 0
      arguments.append(argument)
    }
  }

  /// The next `SIZE@PLACE`; a place in brackets may hold blanks (arm64's `[sp, 8]`). nil at the end.
  private static func next(_ rest: inout Substring) throws(USDTArgumentError) -> (size: Substring, place: Substring)? {
    rest = rest.drop { $0 == " " }
    guard !rest.isEmpty else { return nil }
    guard let at = rest.prefix(while: { $0 != " " }).firstIndex(of: "@") else {
      throw USDTArgumentError(
        description: "argument '\(rest.prefix { $0 != " " })' does not have the form SIZE@PLACE")
    }
    let size = rest[..<at]
    let start = rest.index(after: at)
    var end = start
    var depth = 0
    while end < rest.endIndex, depth > 0 || rest[end] != " " {
      if rest[end] == "[" { depth += 1 }
      if rest[end] == "]" { depth -= 1 }
      end = rest.index(after: end)
    }
    let place = rest[start..<end]
    rest = rest[end...]
    return (size, place)
  }
}

/// The assembler's register names and where `struct pt_regs` keeps them.
struct RegisterNames: Sendable {
  var argument: @Sendable (Substring) -> USDTSpec.Argument?

  #if arch(x86_64)
    static let machine = x86_64
  #else
    static let machine = arm64
  #endif

  /// `$5`, `%edi`, `-16(%rbp)`, `(%rax)`, `8(%rax,%rcx,4)`.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  static let x86_64 = RegisterNames { text in
    if text.first == "$" { return Int64(text.dropFirst()).map(constant) }
    guard let open = text.firstIndex(of: "(") else {
      return x86Register(text).map {
        USDTSpec.Argument(place: .register, register: $0, isSigned: false, size: 8)
      }
    }
    guard text.last == ")", let offset = open == text.startIndex ? 0 : Int64(text[..<open]) else { return nil }
    let parts = text[text.index(after: open)...].dropLast().split(separator: ",", omittingEmptySubsequences: false)
    guard let base = parts.first.flatMap({ x86Register($0) }) else { return nil }
    var argument = USDTSpec.Argument(
      place: .memory, value: UInt64(bitPattern: offset), register: base, isSigned: false, size: 8)
    if parts.count > 1 {
      guard parts.count <= 3, let index = x86Register(parts[1]) else { return nil }
      guard let scale = [1: 0, 2: 1, 4: 2, 8: 3][parts.count == 3 ? Int(parts[2]) ?? 0 : 1] else { return nil }
      argument.place = .indexedMemory
      argument.index = UInt16(index)
      argument.scale = UInt8(scale)
    }
    return argument
  }

  /// `5`, `x0`, `sp`, `[x1]`, `[sp, 8]`.
  static let arm64 = RegisterNames { text in
    if let value = Int64(text) { return constant(value) }
    guard text.first == "[", text.last == "]" else {
      return arm64Register(text).map { USDTSpec.Argument(place: .register, register: $0, isSigned: false, size: 8) }
    }
    let parts = text.dropFirst().dropLast().split(separator: ",").map { part in part.drop { $0 == " " } }
    guard (1...2).contains(parts.count), let base = arm64Register(parts[0]) else { return nil }
    guard let offset = parts.count == 2 ? Int64(parts[1]) : 0 else { return nil }
    return USDTSpec.Argument(
      place: .memory, value: UInt64(bitPattern: offset), register: base, isSigned: false, size: 8)
  }

  private static func constant(_ value: Int64) -> USDTSpec.Argument {
    USDTSpec.Argument(place: .constant, value: UInt64(bitPattern: value), isSigned: false, size: 8)
  }

  private static func arm64Register(_ name: Substring) -> Int16? {
    if name == "sp" { return 31 * 8 }
    guard name.first == "x" || name.first == "w", let number = Int16(name.dropFirst()), (0..<31).contains(number) else {
      return nil
    }
    return number * 8
  }

  private static func x86Register(_ name: Substring) -> Int16? {
    guard name.first == "%" else { return nil }
    return x86Offsets[String(name.dropFirst())]
  }

  /// arch/x86/include/asm/ptrace.h, `struct pt_regs`.
  private static let x86Offsets: [String: Int16] = {
    var offsets: [String: Int16] = [
      "rip": 128, "eip": 128, "rbp": 32, "ebp": 32, "bp": 32, "bpl": 32, "rsp": 152, "esp": 152, "sp": 152,
      "spl": 152, "rsi": 104, "esi": 104, "si": 104, "sil": 104, "rdi": 112, "edi": 112, "di": 112, "dil": 112,
    ]
    for (letter, offset) in [("a", 80), ("b", 40), ("c", 88), ("d", 96)] as [(String, Int16)] {
      for name in ["r\(letter)x", "e\(letter)x", "\(letter)x", "\(letter)l"] { offsets[name] = offset }
    }
    for (number, offset) in [(8, 72), (9, 64), (10, 56), (11, 48), (12, 24), (13, 16), (14, 8), (15, 0)]
      as [(Int, Int16)]
    {
      for suffix in ["", "d", "w", "b"] { offsets["r\(number)\(suffix)"] = offset }
    }
    return offsets
  }()
}
