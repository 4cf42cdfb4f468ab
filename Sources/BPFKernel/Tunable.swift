// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// A value of any plain type that user space may set before it loads the object, and that nobody changes afterwards. It
/// lies in `.rodata`, as a variable of its `Value`: the verifier knows the value and removes the branches that it rules out.
///
///     var gateway = Tunable(IPv4Address(10, 0, 0, 1))
///
///     if header.destination == gateway.value { return .drop }
///
/// Declare it with `var`, at file level. Numbers and `Bool` can also be written `@section(".rodata") var limit: UInt32 = 10`.
@frozen public struct Tunable<Value: BitwiseCopyable> {
  /// What user space set, or else the value that the probe declares.
  public let value: Value

  /// - Parameter value: what the compiler can compute: literals, the kernel-side types made of literals, structs of these.
  @inlinable public init(_ value: Value) { self.value = value }
}
