// SPDX-License-Identifier: Apache-2.0

import BPF
import BTF
import MeropsModel
import MeropsPolicy

extension KernelLayout {
  /// That of the running kernel. What it does not have is left out.
  static func running() throws -> KernelLayout {
    let types = try KernelTypes.current().vmlinux
    var paths: [Field: Path] = [:]
    for (field, members) in Self.members {
      var path = Path(offsets: [], size: 0)
      for (structure, member) in members {
        guard let place = try types.place(of: member, in: structure) else { break }
        path.offsets.append(place.offset)
        path.size = place.size
      }
      if path.offsets.count == members.count, path.size == 4 || path.size == 8 { paths[field] = path }
    }
    return KernelLayout(paths)
  }
}

extension BTFTypes {
  /// Where a member is, in bytes; a `.` is a structure in a structure.
  fileprivate func place(of path: String, in structure: String) throws -> (offset: Int, size: Int)? {
    guard var id = ids(named: structure).first(where: { kind($0) == .structure }) else { return nil }
    var offset = 0
    for name in path.split(separator: ".") {
      guard let found = try member(named: String(name), in: id), !found.member.isBitField else { return nil }
      offset += found.bitOffset / 8
      id = found.member.type
    }
    return (offset, try size(of: id))
  }
}
