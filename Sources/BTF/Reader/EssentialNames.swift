// SPDX-License-Identifier: Apache-2.0
import Synchronization

extension BTFTypes {
  /// The length in bytes of a name without its flavor, the suffix after the last `___` that CO-RE leaves out of
  /// comparisons: `task_struct___v6` is a version of `task_struct`.
  public static func essentialLength(of name: UnsafeRawBufferPointer) -> Int {
    // The three underscores stand between characters that are none.
    let underscore = UInt8(ascii: "_")
    var end = name.count - 5
    while end >= 0 {
      if name[end] != underscore, name[end + 1] == underscore, name[end + 2] == underscore,
        name[end + 3] == underscore, name[end + 4] != underscore
      {
        return end + 1
      }
      end -= 1
    }
    return name.count
  }

  /// The ids of all types whose name, its flavor left out, is `name`: the candidates of a CO-RE relocation.
  public func ids(essentialName name: String) -> [TypeID] {
    let wanted = Array(name.utf8)
    var ids = ids(named: name)
    for id in flavored {
      guard let record = record(id), let utf8 = record.home.utf8(at: record.name) else { continue }
      if utf8[..<Self.essentialLength(of: utf8)].elementsEqual(wanted) { ids.append(id) }
    }
    return ids
  }

  /// The ids of all types whose name has a flavor: few or none in a kernel.
  private var flavored: [TypeID] {
    (base?.flavored ?? []) + names.withLock { $0.flavored(in: self) }
  }

  /// Reads through the names of this BTF itself.
  func findFlavored() -> [TypeID] {
    ids.filter { id in
      guard let record = record(id), record.name != 0, let utf8 = utf8(at: record.name) else { return false }
      return Self.essentialLength(of: utf8) != utf8.count
    }
  }
}
