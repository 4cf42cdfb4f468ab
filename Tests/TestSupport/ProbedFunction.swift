// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A function of the C library that nobody else calls here: `dev_t gnu_dev_makedev(unsigned, unsigned)`.
public enum ProbedFunction {
  public static let library = "libc.so.6"
  public static let makedev = "gnu_dev_makedev"
  /// `makedev`, `gnu_dev_major`, `gnu_dev_minor`.
  public static let all = "gnu_dev_*"

  /// Called by address, so that no compiler computes it instead.
  @discardableResult
  public static func callMakedev(_ major: UInt32, _ minor: UInt32) -> UInt64 {
    typealias Function = @convention(c) (UInt32, UInt32) -> UInt64
    return address(makedev).map { unsafeBitCast($0, to: Function.self)(major, minor) } ?? 0
  }

  public static func callMajor(_ device: UInt64) -> UInt32 {
    typealias Function = @convention(c) (UInt64) -> UInt32
    return address("gnu_dev_major").map { unsafeBitCast($0, to: Function.self)(device) } ?? 0
  }

  private static func address(_ name: String) -> UnsafeMutableRawPointer? { dlsym(nil, name) }
}
