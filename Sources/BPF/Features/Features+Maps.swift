// SPDX-License-Identifier: Apache-2.0

public import BPFObject
import BPFSystem
import Glibc
import SystemPackage

extension Features {
  /// Whether maps of a type can be created.
  ///
  /// - Throws: `permission`.
  public static func supports(_ type: MapType) throws(BPFError) -> Bool {
    try answer(.map(type)) { () throws(BPFError) in
      try Probe.checkPrivilege()
      return attempt(type)
    }
  }

  private static func attempt(_ type: MapType) -> Bool {
    do {
      switch type {
      case .unspecified: return false
      case .arrayOfMaps, .hashOfMaps:
        let inner = try BPFCall.createMap(MapCreate(type: 1, keySize: 4, valueSize: 4, maxEntries: 1))
        var outer = MapCreate(type: type.rawValue, keySize: 4, valueSize: 4, maxEntries: 1)
        outer.innerMapFD = inner.rawValue
        _ = try BPFCall.createMap(outer)
      case .skStorage, .inodeStorage, .taskStorage, .cgrpStorage:
        // Their values must have a type.
        let types = try BPFCall.loadBTF(TypesProbe.integer.bytes.span.bytes)
        var storage = MapCreate(
          type: type.rawValue, keySize: 4, valueSize: 4, maxEntries: 0, flags: MapFlags.noPreallocation.rawValue)
        storage.btfFD = types.rawValue
        storage.keyTypeID = 1
        storage.valueTypeID = 1
        _ = try BPFCall.createMap(storage)
      case .structOps:
        // No kernel type has this name: the error that says so is the proof.
        var map = MapCreate(type: type.rawValue, keySize: 4, valueSize: 4, maxEntries: 1)
        let types = try BPFCall.loadBTF(TypesProbe.integer.bytes.span.bytes)
        map.btfFD = types.rawValue
        map.kernelValueTypeID = 1
        _ = try BPFCall.createMap(map)
      default: _ = try BPFCall.createMap(smallest(type))
      }
      return true
    } catch {
      return type == .structOps && error == BPFError.Code.kernelNotSupported
    }
  }

  /// The smallest map of a type.
  private static func smallest(_ type: MapType) -> MapCreate {
    let page = UInt32(getpagesize())
    let (key, value, entries, flags): (UInt32, UInt32, UInt32, MapFlags) =
      switch type {
      case .stackTrace: (4, 8, 1, [])
      case .lpmTrie: (8, 8, 1, .noPreallocation)
      case .cgroupStorage, .perCPUCgroupStorage: (16, 8, 0, [])
      case .queue, .stack, .bloomFilter: (0, 4, 1, [])
      case .ringBuffer, .userRingBuffer: (0, 0, page, [])
      case .arena: (0, 0, 1, .memoryMappable)
      case .instructionArray: (4, 16, 1, [])
      case .resizableHash: (4, 4, 1, .noPreallocation)
      default: (4, 4, 1, [])
      }
    return MapCreate(
      type: type.rawValue, keySize: key, valueSize: value, maxEntries: entries, flags: flags.rawValue)
  }
}
