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
    // A program that is relocated asks for many types.
    names.withLock { $0.expectMany() }
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

  /// Reads through the strings of this BTF itself, and through its types only if a string has a flavor.
  func findFlavored() -> [TypeID] {
    let strings = flavoredStrings()
    guard let first = strings.first, let last = strings.last else { return [] }
    var found: [TypeID] = []
    let (source, shift) = (source, header.strings.lowerBound - Int(firstString))
    for position in 0..<offsets.count {
      let name = Int(source.word(at: offsets[position])) + shift
      guard name >= first.lowerBound, name < last.upperBound, strings.contains(where: { $0.contains(name) }) else {
        continue
      }
      // A name may be the end of a longer string.
      let utf8 = source.string(at: name)
      guard Self.essentialLength(of: utf8) != utf8.count else { continue }
      found.append(TypeID(rawValue: firstID.rawValue + UInt32(position)))
    }
    return found
  }

  /// Where in the blob the strings with a flavor are, ascending.
  private func flavoredStrings() -> [Range<Int>] {
    let (source, section) = (source, header.strings)
    func isUnderscore(_ position: Int) -> Bool {
      section.contains(position) && source.byte(at: position) == UInt8(ascii: "_")
    }
    var found: [Range<Int>] = []
    // Of three underscores in a row, one is at any third byte.
    var position = section.lowerBound
    while position < section.upperBound {
      guard source.byte(at: position) == UInt8(ascii: "_"),
        isUnderscore(position + 1) && (isUnderscore(position + 2) || isUnderscore(position - 1))
          || isUnderscore(position - 1) && isUnderscore(position - 2)
      else {
        position += 3
        continue
      }
      var start = position
      while start > section.lowerBound, source.byte(at: start - 1) != 0 { start -= 1 }
      let string = source.string(at: start)
      let end = start + string.count
      if Self.essentialLength(of: string) != string.count { found.append(start..<end) }
      position = end
    }
    return found
  }
}
