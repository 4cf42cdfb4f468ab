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
  ///
  /// - Parameters:
  ///   - name: a name without flavor.
  ///   - includingBase: whether types of the base are wanted too; ask without for each of many modules.
  public func ids(essentialName name: String, includingBase: Bool = true) -> [TypeID] {
    // A program that is relocated asks for many types.
    names.withLock { $0.expectMany() }
    let wanted = Array(name.utf8)
    let isFlavored = wanted.withUnsafeBytes { Self.essentialLength(of: $0) } != wanted.count
    var ids = isFlavored ? [] : ids(named: name, includingBase: includingBase)
    for id in flavored(includingBase: includingBase) {
      guard let record = record(id), let utf8 = record.home.utf8(at: record.name) else { continue }
      if utf8[..<Self.essentialLength(of: utf8)].elementsEqual(wanted) { ids.append(id) }
    }
    return ids
  }

  /// The ids of all types whose name has a flavor: few or none in a kernel.
  private func flavored(includingBase: Bool) -> [TypeID] {
    let inherited = includingBase ? base?.flavored(includingBase: true) : nil
    return (inherited ?? []) + names.withLock { $0.flavored(in: self) }
  }

  /// Reads through the strings of this BTF itself, and through its types only if a string has a flavor or may be the
  /// base's.
  func findFlavored() -> [TypeID] {
    let strings = flavoredStrings()
    guard base != nil || !strings.isEmpty else { return [] }
    return ids.filter { id in
      let name = source.word(at: offsets[Int(id.rawValue - firstID.rawValue)])
      guard name != 0 else { return false }
      if UInt64(name) >= firstString {
        // The last string that starts at or before the name, if it reaches that far.
        let position = header.strings.lowerBound + Int(UInt64(name) - firstString)
        var (low, high) = (0, strings.count)
        while low < high {
          let middle = (low + high) / 2
          if strings[middle].lowerBound <= position { low = middle + 1 } else { high = middle }
        }
        guard low > 0, strings[low - 1].contains(position) else { return false }
      }
      // A name may be the end of a longer string, and have no flavor itself.
      guard let utf8 = utf8(at: name) else { return false }
      return Self.essentialLength(of: utf8) != utf8.count
    }
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
