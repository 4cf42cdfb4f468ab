// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// What a map is created with. The compiler folds it into the map's global variable, from which the build makes the map's
/// definition: the order of these numbers is the build's (`MapDeclaration` in BPFCompiler).
@frozen public struct MapDefinition {
  /// `enum bpf_map_type`
  @usableFromInline var type: UInt32
  @usableFromInline var maxEntries: UInt32
  @usableFromInline var flags: UInt32
  @usableFromInline var pinning: UInt32
  @usableFromInline var extra: UInt32
  @usableFromInline var valueSize: UInt32

  @inline(__always)
  init(
    type: UInt32, maxEntries: UInt32, flags: MapFlags = MapFlags(rawValue: 0), pinning: MapPinning = .none,
    extra: UInt32 = 0,
    valueSize: UInt32 = 0
  ) {
    self.type = type
    self.maxEntries = maxEntries
    self.flags = flags.rawValue
    self.pinning = pinning.rawValue
    self.extra = extra
    self.valueSize = valueSize
  }
}
