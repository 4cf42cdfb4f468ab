// SPDX-License-Identifier: Apache-2.0

/// The language of a program's source, in which its author gets advice.
enum SourceLanguage {
  case swift, c

  var unsignedNumbers: String { self == .swift ? "UInt32 or UInt64 numbers" : "`__u32` or `__u64` numbers" }

  var widestInteger: String { self == .swift ? "UInt64" : "`__u64`" }

  /// What to do about a call through a pointer.
  var directCall: String {
    self == .swift
      ? "pass a closure literal to an @inline(__always) function"
      : "call the function by its name, or pass it to an `__always_inline` function"
  }

  /// What to do about code that stops.
  var otherThanStopping: String {
    self == .swift
      ? "return a verdict instead" : "return instead, and leave out `__builtin_trap` and `__builtin_unreachable`"
  }
}
