// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// How often a call that a signal interrupted is made again. A bound, so that a storm of signals is an error and not a hang.
let interruptedAttempts = 64

/// Turns a negated error number into a throw.
@inline(__always)
@discardableResult
func checked(_ result: Int) throws(Errno) -> CInt {
  guard result >= 0 else { throw Errno(rawValue: CInt(truncatingIfNeeded: -result)) }
  return CInt(truncatingIfNeeded: result)
}

/// Makes a call again for as long as a signal interrupts it.
@inline(__always)
@discardableResult
func retrying(_ call: () -> Int) throws(Errno) -> CInt {
  var result = call()
  var attempts = 1
  while result == -Int(EINTR), attempts < interruptedAttempts {
    result = call()
    attempts += 1
  }
  return try checked(result)
}

extension UInt64 {
  /// An address as the kernel's ABI carries it.
  @inline(__always)
  init(address: UnsafeRawPointer?) {
    self = UInt64(UInt(bitPattern: address))
  }
}

/// The bytes up to the first NUL, read as UTF-8 (repaired where they are not).
func text(_ bytes: some Sequence<UInt8>) -> String {
  String(decoding: Array(bytes.prefix { $0 != 0 }), as: UTF8.self)
}
