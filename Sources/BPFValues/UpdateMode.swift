// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// Whether an entry may, must or must not be in a map before it is set.
@frozen public struct UpdateMode: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// `BPF_ANY`: adds or replaces.
  @inlinable public static var any: UpdateMode { UpdateMode(rawValue: 0) }
  /// `BPF_NOEXIST`: adds; fails if the key is in the map.
  @inlinable public static var absent: UpdateMode { UpdateMode(rawValue: 1) }
  /// `BPF_EXIST`: replaces; fails if the key is not in the map.
  @inlinable public static var present: UpdateMode { UpdateMode(rawValue: 2) }
}
