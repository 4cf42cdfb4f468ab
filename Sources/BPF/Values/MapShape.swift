// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BTF

/// Types for maps that were created without any: what the kernel's own code makes of their keys and values.
enum MapShape {
  /// Types that fit a map's sizes. Numbers where a size is a number's, bytes otherwise.
  static func types(for info: MapInfo) throws(BTFError) -> MapTypes {
    var builder = Builder()
    let key = try builder.key(info)
    let value = try builder.value(info)
    return MapTypes(try BTFTypes(bytes: builder.types.encode()), key: key, value: value)
  }

  private struct Builder {
    var types = BTFBuilder()
    private var known: [Int: TypeID] = [:]

    mutating func key(_ info: MapInfo) throws(BTFError) -> TypeID {
      switch info.type {
      case .lpmTrie where info.keySize > 4:
        return try structure(
          "bpf_lpm_trie_key", [("prefixlen", try unsigned(4)), ("data", try bytes(info.keySize - 4))])
      case .cgroupStorage where info.keySize == 16, .perCPUCgroupStorage where info.keySize == 16:
        return try structure(
          "bpf_cgroup_storage_key", [("cgroup_inode_id", try unsigned(8)), ("attach_type", try unsigned(4))], size: 16)
      default: return try plain(info.keySize)
      }
    }

    mutating func value(_ info: MapInfo) throws(BTFError) -> TypeID {
      switch info.type {
      case .devmap where info.valueSize == 8, .devmapHash where info.valueSize == 8:
        return try structure("bpf_devmap_val", [("ifindex", try unsigned(4)), ("prog_id", try unsigned(4))])
      case .cpumap where info.valueSize == 8:
        return try structure("bpf_cpumap_val", [("qsize", try unsigned(4)), ("prog_id", try unsigned(4))])
      case .stackTrace where !info.flags.contains(.stackBuildID) && info.valueSize % 8 == 0:
        return try array(of: try unsigned(8), info.valueSize / 8)
      default: return try plain(info.valueSize)
      }
    }

    private mutating func plain(_ size: Int) throws(BTFError) -> TypeID {
      switch size {
      case 0: 0
      case 1, 2, 4, 8: try unsigned(size)
      default: try bytes(size)
      }
    }

    private mutating func unsigned(_ size: Int) throws(BTFError) -> TypeID {
      if let id = known[size] { return id }
      let id = try types.add(.int(BTFInteger(name: "__u\(size * 8)", size: size)))
      known[size] = id
      return id
    }

    private mutating func bytes(_ count: Int) throws(BTFError) -> TypeID { try array(of: try unsigned(1), count) }

    private mutating func array(of element: TypeID, _ count: Int) throws(BTFError) -> TypeID {
      try types.add(.array(BTFArray(element: element, index: try unsigned(4), count: count)))
    }

    private mutating func structure(
      _ name: String, _ members: [(name: String, type: TypeID)], size: Int? = nil
    ) throws(BTFError) -> TypeID {
      var offset = 0
      var fields: [BTFComposite.Member] = []
      for member in members {
        fields.append(BTFComposite.Member(name: member.name, type: member.type, bitOffset: offset * 8))
        offset += known.first { $0.value == member.type }?.key ?? 0
      }
      // An array of bytes, the only member that is no number, stands last.
      let last = try members.last.map { (member) throws(BTFError) in try self.size(of: member.type) } ?? 0
      let end = (fields.last?.bitOffset ?? 0) / 8 + last
      return try types.add(.structure(BTFComposite(name: name, size: size ?? end, members: fields)))
    }

    private func size(of id: TypeID) throws(BTFError) -> Int {
      try BTFTypes(bytes: types.encode()).size(of: id)
    }
  }
}
