// SPDX-License-Identifier: Apache-2.0

public import BPFObject
import BPFSystem
public import BTF

/// What the kernel reports about a map. None of it changes while the map lives.
public struct MapInfo: Hashable, Sendable {
  public var id: UInt32
  public var type: MapType
  /// What the kernel keeps of the name: at most 15 bytes. ``AnyMap/name`` is the whole name where it is known.
  public var name: String
  /// Bytes of a key; zero for maps without keys.
  public var keySize: Int
  /// Bytes of a value; for per-CPU maps, of the value of one CPU.
  public var valueSize: Int
  public var maxEntries: Int
  public var flags: MapFlags
  /// Bloom filters: hash functions. Arenas: the user address.
  public var extra: UInt64
  /// The device that an offloaded map belongs to; zero for none.
  public var interfaceIndex: UInt32
  /// The BTF object that describes keys and values; zero for none.
  public var btfID: UInt32
  public var keyTypeID: TypeID
  public var valueTypeID: TypeID
  /// For struct_ops: the kernel's type of the value, in the BTF object ``kernelBTFID``.
  public var kernelValueTypeID: TypeID
  public var kernelBTFID: UInt32

  init(_ information: MapInformation) {
    id = information.id
    type = MapType(rawValue: information.type)
    name = information.name
    keySize = Int(information.keySize)
    valueSize = Int(information.valueSize)
    maxEntries = Int(information.maxEntries)
    flags = MapFlags(rawValue: information.flags)
    extra = information.extra
    interfaceIndex = information.interfaceIndex
    btfID = information.btfID
    keyTypeID = TypeID(rawValue: information.keyTypeID)
    valueTypeID = TypeID(rawValue: information.valueTypeID)
    kernelValueTypeID = TypeID(rawValue: information.kernelValueTypeID)
    kernelBTFID = information.kernelBTFID
  }
}

extension MapInfo {
  /// The distance between the values of two CPUs, or between two entries of a mapped array: the value size rounded up
  /// to 8 bytes.
  public var valueStride: Int { (valueSize + 7) & ~7 }
}

/// What may change about a map while it lives.
public struct MapUsage: Hashable, Sendable {
  /// Bytes of kernel memory that the map uses, as the kernel accounts them. Before Linux 6.4 the kernel estimates them from
  /// the maximum number of entries; from then on, hash maps count the entries that they hold.
  public var memory: Int
  /// Whether user space can no longer write to it.
  public var isFrozen: Bool
}

extension AnyMap {
  /// What the map uses now.
  ///
  /// - Requires: /proc; Linux 5.2 for `isFrozen`, which is false before
  public func usage() throws(BPFError) -> MapUsage {
    do {
      let fields = try DescriptorFields(fd: fd)
      return MapUsage(memory: fields["memlock"].flatMap { Int($0) } ?? 0, isFrozen: fields["frozen"] == "1")
    } catch {
      throw failure("reading the memory of", error)
    }
  }
}
