// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BTF
import BTFText

extension SkeletonWriter {
  /// A property for each map that the source defines, and for each struct_ops implementation; the maps of global variables
  /// are reached through `globals`.
  mutating func maps() throws(BTFError) -> [SkeletonProperty] {
    let records = RecordTypes(source.spec)
    var result: [SkeletonProperty] = []
    for map in source.spec.maps {
      switch map.section {
      case .user: result.append(try property(map, record: source.recordTypes[map.name] ?? records[map: map.name]))
      case .structOps:
        result.append(
          SkeletonProperty(
            name: names.claim(map.name, suffix: "Map"), type: "BPF.SkeletonOperations",
            value: ".init(collection, \(Self.quoted(map.name)))",
            comment: "Operations `\(Self.oneLine(map.name))` for the kernel's struct_ops."))
      case .data, .rodata, .bss, .kconfig: break
      }
    }
    return result
  }

  private mutating func property(_ map: MapSpec, record: TypeID?) throws(BTFError) -> SkeletonProperty {
    let name = names.claim(map.name, suffix: "Map")
    let lookup = "collection.map(\(Self.quoted(map.name)))"
    let type: String
    // The views check types and sizes.
    var value = "try .init(\(lookup))"
    switch map.type {
    case .ringBuffer: type = "BPF.RingReader<\(try event(map, record))>"
    case .perfEventArray:
      type = "BPF.PerfReader<\(try event(map, record))>"
      // Opened when it is read: its memory is locked.
      value = "try .init(\(lookup), options: nil)"
    case .hash, .array, .lruHash, .lpmTrie, .devmap, .devmapHash, .cpumap, .cgroupStorage, .resizableHash:
      type = "BPF.Map<\(try key(map)), \(try self.value(map))>"
    case .perCPUHash, .perCPUArray, .lruPerCPUHash, .perCPUCgroupStorage:
      type = "BPF.PerCPUMap<\(try key(map)), \(try self.value(map))>"
    case .queue, .stack: type = "BPF.QueueMap<\(try self.value(map))>"
    case .bloomFilter: type = "BPF.BloomFilterMap<\(try self.value(map))>"
    case .arrayOfMaps, .hashOfMaps: type = "BPF.MapOfMaps<\(try key(map))>"
    case .programArray, .cgroupArray, .sockmap, .sockhash, .xskmap, .reuseportSockarray:
      type = "BPF.DescriptorMap<\(try key(map))>"
    case .stackTrace: type = "BPF.StackTraces"
    case .skStorage, .taskStorage, .inodeStorage, .cgrpStorage: type = "BPF.LocalStorage<\(try self.value(map))>"
    default:
      type = "BPF.AnyMap"
      value = "try \(lookup)"
    }
    return SkeletonProperty(
      name: name, type: type, value: value, comment: comment(map), isComputed: false)
  }

  private func comment(_ map: MapSpec) -> String {
    let size =
      switch map.type {
      case .ringBuffer, .userRingBuffer: "\(map.maxEntries) bytes"
      case .arena: "\(map.maxEntries) pages"
      case _ where map.maxEntries == 0: "sized when it is created"
      default: "\(map.maxEntries) \(map.maxEntries == 1 ? "entry" : "entries")"
      }
    let hint = map.type == .userRingBuffer ? " Write to it with `BPF.UserRingWriter`." : ""
    return "Map `\(Self.oneLine(map.name))`: \(map.type), \(size).\(hint)"
  }

  private mutating func key(_ map: MapSpec) throws(BTFError) -> String {
    switch map.type {
    // Indexes: C programs call them int, __u32, and what not.
    case .array, .perCPUArray, .arrayOfMaps, .programArray, .perfEventArray, .cgroupArray, .devmap, .cpumap, .sockmap,
      .xskmap, .reuseportSockarray:
      map.keySize == 4 ? "UInt32" : try type(nil, size: Int(map.keySize), named: "").name
    default: try type(map.keyType, size: Int(map.keySize), named: map.name + "_key").element
    }
  }

  private mutating func value(_ map: MapSpec) throws(BTFError) -> String {
    try type(map.valueType, size: Int(map.valueSize), named: map.name + "_value").element
  }

  private mutating func event(_ map: MapSpec, _ record: TypeID?) throws(BTFError) -> String {
    guard let record, let use = try types?.use(record, named: map.name + "_event"), use.size > 0 || use.hasTail else {
      return "[UInt8]"
    }
    note(use)
    return use.hasTail ? "BPF.Flexible<\(use.name)>" : use.element
  }
}
