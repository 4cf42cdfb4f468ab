// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc
import SystemPackage

/// The bpf(2) system call, a typed function per command.
///
/// Descriptors are passed as borrowed numbers and returned as owned ``Descriptor`` values. Every function throws the
/// kernel's `Errno`. A call that a signal interrupted is made again.
package enum BPFCall {
  /// Makes one command's call with its own structure.
  @inline(__always)
  @discardableResult
  static func call<Attributes>(_ command: cbpf_command, _ attributes: inout Attributes) throws(Errno) -> CInt {
    let size = UInt32(MemoryLayout<Attributes>.size)
    return try withUnsafeMutablePointer(to: &attributes) { pointer throws(Errno) in
      try retrying { cbpf_bpf(command.rawValue, pointer, size) }
    }
  }

  /// Makes a call that returns a descriptor. The kernel opens every one of its own close-on-exec.
  static func open<Attributes>(
    _ command: cbpf_command, _ attributes: inout Attributes
  ) throws(Errno) -> Descriptor {
    Descriptor(owning: try call(command, &attributes))
  }
}

/// A name field: 15 bytes and a NUL. Bytes that the kernel refuses in names become underscores.
typealias ObjectName = (
  UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8
)

extension BPFCall {
  /// What fits of a name into the kernel's 16 byte field.
  ///
  /// Source: kernel/bpf/syscall.c, bpf_obj_name_cpy: letters, digits, `_` and `.` only.
  package static func objectName(_ name: String) -> String {
    String(
      decoding: name.utf8.prefix(15).map { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
          byte
        default: UInt8(ascii: "_")
        }
      }, as: UTF8.self)
  }

  static func setName(_ field: inout ObjectName, _ name: String) {
    withUnsafeMutableBytes(of: &field) { $0.copyBytes(from: objectName(name).utf8) }
  }

  static func name(_ field: ObjectName) -> String {
    withUnsafeBytes(of: field) { text($0) }
  }
}

extension Optional where Wrapped == CInt {
  /// A descriptor field: zero stands for "none".
  var descriptorField: UInt32 { self.map(UInt32.init(bitPattern:)) ?? 0 }
}
