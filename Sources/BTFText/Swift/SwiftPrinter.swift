// SPDX-License-Identifier: Apache-2.0

public import BTF

/// Prints types as Swift structs that lie in memory as the kernel's do.
///
/// - Structs have stored properties, with padding written out, so that size and stride are C's `sizeof`.
/// - Unions, and structs that are packed, are raw storage with an accessor per member; bit fields are accessors too.
/// - Enumerations are open: `RawRepresentable` structs with their constants as static members.
/// - Pointers are `UInt64`, for they point into the kernel; arrays are `InlineArray`.
/// - A flexible array is a static function from a value's address to its elements.
///
/// What comes out needs Swift 6.2 and nothing but the standard library.
public struct SwiftPrinter: Sendable {
  public let types: BTFTypes
  public var style = SwiftStyle()
  /// The function that traps where a size or offset is not the kernel's; nil for none.
  public var assertions: String? = "checkLayouts"

  public init(_ types: BTFTypes) { self.types = types }

  /// The types asked for, and all that they hold by value.
  ///
  /// Types without a Swift form (functions) come out as comments.
  ///
  /// - Throws: ``BTFError`` for types that contain themselves.
  public func definitions(of ids: [TypeID]) throws(BTFError) -> String {
    var file = SwiftDefinitions(types, style)
    for id in ids { try file.root(id) }
    try file.finish()
    var text = Self.helpers(file)
    text += file.text
    if let assertions {
      text += "/// Traps where a layout is not the kernel's. Call it once, from a test.\n"
      text += "\(style.access.modifier)func \(SwiftNames.escaped(assertions))() {\n"
      for assertion in file.assertions { text += "  precondition(\(assertion.condition), \"\(assertion.subject)\")\n" }
      text += "}\n"
    }
    return text
  }

  /// The functions that definitions call.
  static func helpers(_ file: SwiftDefinitions) -> String {
    (file.usesRawAccess ? rawAccess : "") + (file.usesText ? textAccess : "")
      + (file.usesZero ? zeroAccess : "")
  }

  private static let zeroAccess = """
    private func btfZero<Value: BitwiseCopyable>() -> Value {
      withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { room in
        UnsafeMutableRawBufferPointer(room).initializeMemory(as: UInt8.self, repeating: 0)
        return UnsafeRawBufferPointer(room).loadUnaligned(as: Value.self)
      }
    }


    """

  private static let textAccess = """
    /// Text up to the first zero byte.
    private func btfText<let count: Int>(_ bytes: InlineArray<count, UInt8>) -> String {
      withUnsafeBytes(of: bytes) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// As many characters of a text as there is room for, with a zero byte after them.
    private func btfBytes<let count: Int>(_ text: String) -> InlineArray<count, UInt8> {
      var bytes = InlineArray<count, UInt8>(repeating: 0)
      var end = 0
      for character in text {
        guard end + character.utf8.count < count else { break }
        for byte in character.utf8 {
          bytes[end] = byte
          end += 1
        }
      }
      return bytes
    }


    """

  private static let rawAccess = """
    private func btfLoad<Value, Member: BitwiseCopyable>(_ value: Value, _ offset: Int) -> Member {
      withUnsafeBytes(of: value) { $0.loadUnaligned(fromByteOffset: offset, as: Member.self) }
    }

    private func btfStore<Value, Member: BitwiseCopyable>(_ member: Member, _ offset: Int, in value: inout Value) {
      withUnsafeMutableBytes(of: &value) { $0.storeBytes(of: member, toByteOffset: offset, as: Member.self) }
    }

    /// Bits from the least significant one of the first byte on.
    private func btfLoadBits<Value>(_ value: Value, _ offset: Int, _ width: Int) -> UInt64 {
      withUnsafeBytes(of: value) { bytes in
        (0..<width).reduce(0) { $0 | UInt64(bytes[(offset + $1) / 8] >> UInt8((offset + $1) % 8) & 1) << UInt64($1) }
      }
    }

    private func btfStoreBits<Value>(_ bits: UInt64, _ offset: Int, _ width: Int, in value: inout Value) {
      withUnsafeMutableBytes(of: &value) { bytes in
        for index in 0..<width {
          let (byte, bit) = (offset + index).quotientAndRemainder(dividingBy: 8)
          bytes[byte] = bytes[byte] & ~(1 << UInt8(bit)) | UInt8(bits >> UInt64(index) & 1) << UInt8(bit)
        }
      }
    }

    private func btfExtended(_ bits: UInt64, _ width: Int) -> Int64 {
      Int64(bitPattern: bits << UInt64(64 - width)) >> Int64(64 - width)
    }


    """
}
