// SPDX-License-Identifier: Apache-2.0

public import BPFObject

/// What a map is created with.
public struct MapParameters: Hashable, Sendable {
  /// The kernel keeps 15 bytes of it.
  public var name: String
  public var type: MapType
  /// Bytes of a key; zero for maps without keys (queues, rings, bloom filters).
  public var keySize: Int
  /// Bytes of a value; for per-CPU maps, of the value of one CPU.
  public var valueSize: Int
  /// Elements; for rings and arenas, bytes and pages.
  public var maxEntries: Int
  public var flags: MapFlags
  /// Where to allocate; counts with ``BPFObject/MapFlags/numaNode``.
  public var numaNode: Int = 0
  /// The device that an offloaded map is made for; zero for none.
  public var interfaceIndex: UInt32 = 0
  /// Bloom filters: hash functions. Arenas: the user address.
  public var extra: UInt64 = 0
  /// The SHA-256 of the only program that may use the map; empty for any.
  ///
  /// - Requires: Linux 6.18
  public var exclusiveProgramHash: [UInt8] = []

  public init(
    _ type: MapType, name: String = "", keySize: Int, valueSize: Int, maxEntries: Int, flags: MapFlags = []
  ) {
    self.name = name
    self.type = type
    self.keySize = keySize
    self.valueSize = valueSize
    self.maxEntries = maxEntries
    self.flags = flags
  }
}

extension MapType {
  /// Whether a lookup returns a value for each possible CPU.
  public var isPerCPU: Bool {
    [.perCPUHash, .perCPUArray, .lruPerCPUHash, .perCPUCgroupStorage].contains(self)
  }

  /// Whether entries exist from creation on and are addressed by index.
  public var isArray: Bool { [.array, .perCPUArray].contains(self) }

  /// Whether values are other maps: written as descriptors, read as ids.
  public var isMapOfMaps: Bool { self == .arrayOfMaps || self == .hashOfMaps }

  /// Whether values are written as descriptors, so that what is read back is an id or a cookie.
  public var holdsDescriptors: Bool {
    isMapOfMaps
      || [.programArray, .perfEventArray, .cgroupArray, .sockmap, .sockhash, .xskmap, .reuseportSockarray].contains(
        self)
  }

  /// Whether it holds nothing that a lookup by key could find.
  public var isKeyless: Bool {
    [.queue, .stack, .bloomFilter, .ringBuffer, .userRingBuffer, .arena].contains(self)
  }

  /// Map types for which the kernel refuses types of keys and values.
  ///
  /// Source: kernel/bpf/syscall.c (map_check_btf), the map types' own checks.
  var refusesTypes: Bool {
    [
      .perfEventArray, .cgroupArray, .stackTrace, .arrayOfMaps, .hashOfMaps, .devmap, .devmapHash, .cpumap, .xskmap,
      .sockmap, .sockhash, .queue, .stack, .arena,
    ].contains(self)
  }
}

extension MapParameters {
  /// What an object's map is created with.
  public init(_ spec: MapSpec) {
    self.init(
      spec.type, name: spec.name, keySize: Int(spec.keySize), valueSize: Int(spec.valueSize),
      maxEntries: Int(spec.maxEntries), flags: spec.flags)
    numaNode = Int(spec.numaNode)
    extra = spec.extra
  }
}
