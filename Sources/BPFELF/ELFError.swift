// SPDX-License-Identifier: Apache-2.0

/// A file that is not a well-formed ELF64 object, and where it stops being one.
public struct ELFError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Byte offset in the file at which the malformed structure starts.
  public var offset: Int
  /// What is wrong there, in one clause.
  public var message: String

  public init(offset: Int, message: String) {
    self.offset = offset
    self.message = message
  }

  public var description: String {
    // What is wrong with the file as a whole is at no place in it.
    offset == 0 ? message : "malformed ELF file at offset 0x\(String(offset, radix: 16)): \(message)"
  }
}
