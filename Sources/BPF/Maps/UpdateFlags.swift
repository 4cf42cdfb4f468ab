// SPDX-License-Identifier: Apache-2.0

/// How an element is written.
public struct UpdateFlags: OptionSet, Hashable, Sendable {
  public var rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// `BPF_ANY`: whether or not the key is there.
  public static let any: UpdateFlags = []
  /// `BPF_NOEXIST`: only a key that is not there; `exists` is thrown otherwise.
  public static let noExist = UpdateFlags(rawValue: 1)
  /// `BPF_EXIST`: only a key that is there; `notFound` is thrown otherwise. In queues and stacks: push the oldest out.
  public static let exist = UpdateFlags(rawValue: 2)
  /// `BPF_F_LOCK`: hold the value's `bpf_spin_lock` while writing.
  /// - Requires: Linux 5.1
  public static let locked = UpdateFlags(rawValue: 4)
}

/// How an element is read.
public struct LookupFlags: OptionSet, Hashable, Sendable {
  public var rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// `BPF_F_LOCK`: hold the value's `bpf_spin_lock` while reading, so that no half-written value is seen.
  /// - Requires: Linux 5.1
  public static let locked = LookupFlags(rawValue: 4)
}
