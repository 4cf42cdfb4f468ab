// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// What a helper answered: 0 or a number of something, or a negative errno.
@frozen public struct Status: RawRepresentable, Equatable, BitwiseCopyable {
  /// The helper's answer as it came.
  public var rawValue: Int
  @inline(__always) public init(rawValue: Int) { self.rawValue = rawValue }

  /// Whether the answer is not an errno.
  public var succeeded: Bool { @inline(__always) get { rawValue >= 0 } }

  /// The errno; nil if the helper did what it was asked.
  public var error: KernelErrno? {
    @inline(__always) get { rawValue < 0 ? KernelErrno(rawValue: Int32(truncatingIfNeeded: 0 &- rawValue)) : nil }
  }
}

extension LSMVerdict {
  /// Refused with an errno.
  @inline(__always)
  public static func deny(_ error: KernelErrno) -> LSMVerdict { LSMVerdict(rawValue: 0 &- error.rawValue) }
}

/// An errno of the kernel. The set is open; these are the ones that hooks and helpers use.
@frozen public struct KernelErrno: RawRepresentable, Equatable, BitwiseCopyable {
  /// The errno, positive.
  public var rawValue: Int32
  @inline(__always) public init(rawValue: Int32) { self.rawValue = rawValue }

  /// `EPERM`
  public static var notPermitted: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 1) } }
  /// `ENOENT`
  public static var noSuchEntry: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 2) } }
  /// `EIO`
  public static var inputOutput: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 5) } }
  /// `E2BIG`
  public static var tooBig: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 7) } }
  /// `EAGAIN`
  public static var tryAgain: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 11) } }
  /// `ENOMEM`
  public static var noMemory: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 12) } }
  /// `EACCES`
  public static var accessDenied: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 13) } }
  /// `EFAULT`
  public static var badAddress: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 14) } }
  /// `EBUSY`
  public static var busy: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 16) } }
  /// `EEXIST`
  public static var exists: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 17) } }
  /// `EINVAL`
  public static var invalid: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 22) } }
  /// `ENAMETOOLONG`
  public static var nameTooLong: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 36) } }
  /// `ECONNREFUSED`
  public static var connectionRefused: KernelErrno { @inline(__always) get { KernelErrno(rawValue: 111) } }
}
