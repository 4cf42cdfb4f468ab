// SPDX-License-Identifier: Apache-2.0

import BPF
import BTF
import MeropsPolicy

extension KernelLayout {
  /// That of the running kernel. What it does not have is left out.
  static func running() throws -> KernelLayout {
    let types = try KernelTypes.current().vmlinux
    return try KernelLayout { members in
      var path = Path(offsets: [], size: 0)
      for (structure, member) in members {
        guard let place = try types.place(of: member, in: structure) else { return nil }
        path.offsets.append(place.offset)
        path.size = place.size
      }
      return [2, 4, 8].contains(path.size) ? path : nil
    }
  }
}

extension BTFTypes {
  /// Where a member is, in bytes; a `.` is a structure in a structure, or the element of an array.
  fileprivate func place(of path: String, in structure: String) throws -> (offset: Int, size: Int)? {
    guard var id = ids(named: structure).first(where: { [.structure, .union].contains(kind($0)) }) else { return nil }
    var offset = 0
    for name in path.split(separator: ".") {
      if let index = Int(name) {
        guard case .array(let array) = try type(resolved(id)) else { return nil }
        offset += try index * size(of: array.element)
        id = array.element
        continue
      }
      guard let found = try member(named: String(name), in: id), !found.member.isBitField else { return nil }
      offset += found.bitOffset / 8
      id = found.member.type
    }
    return (offset, try size(of: id))
  }
}
