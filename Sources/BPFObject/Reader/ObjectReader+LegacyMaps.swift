// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BTF

/// Maps of the days before BTF: `struct bpf_map_def` in a section `maps`, which libbpf gave up in 1.0.
extension ObjectReader {
  func readLegacyMaps() throws(ObjectError) {
    let sections = sections(.legacyMaps)
    guard !sections.isEmpty else { return }
    let defined = symbols { $0 == .legacyMaps }
    for section in sections {
      var symbols = defined[section.index, default: []].filter(\.isDefinition)
      symbols.sort { $0.value < $1.value }
      guard !symbols.isEmpty else { continue }
      // All definitions have one size, which is the program's choice: the five words, or more.
      let size = section.size / symbols.count
      guard size * symbols.count == section.size, size >= 16, size % 4 == 0 else {
        throw ObjectError(
          .malformedMap, "section \(section.name)",
          "its \(symbols.count) maps have definitions of different sizes (\(section.size) bytes in all); define them in .maps"
        )
      }
      for symbol in symbols {
        definedMaps[Place(section: section.index, offset: symbol.value)] = maps.count
        maps.append(try readLegacyMap(symbol, section, size))
      }
    }
  }

  private func readLegacyMap(
    _ symbol: ELFFile.Symbol, _ section: ELFFile.Section, _ size: Int
  ) throws(ObjectError) -> MapSpec {
    let context = "map \(symbol.name)"
    let bytes = file.bytes(of: section)
    guard let offset = Int(exactly: symbol.value), offset % size == 0, offset <= bytes.count - size else {
      throw ObjectError(
        .malformedMap, context,
        "its definition does not start where a definition of \(size) bytes would; define it in .maps")
    }
    var words: [UInt32] = []
    for start in stride(from: bytes.startIndex + offset, to: bytes.startIndex + offset + size, by: 4) {
      let four = bytes[start..<(start + 4)]
      let order = file.isBigEndian ? Array(four) : four.reversed()
      words.append(order.reduce(0) { $0 << 8 | UInt32($1) })
    }
    guard words.dropFirst(5).allSatisfy({ $0 == 0 }) else {
      throw ObjectError(
        .unsupported, context, "its definition has more members than type, sizes, entries and flags; define it in .maps"
      )
    }
    guard words[0] != 0 else { throw ObjectError(.malformedMap, context, "its definition has no type") }
    var map = MapSpec(
      name: symbol.name, type: MapType(rawValue: words[0]), keySize: words[1], valueSize: words[2],
      maxEntries: words[3], flags: MapFlags(rawValue: words.count > 4 ? words[4] : 0))
    map.sectionName = section.name
    annotate(&map)
    return map
  }

  /// Looks for `struct ____btf_map_NAME { key; value; }`, which `BPF_ANNOTATE_KV_PAIR` made.
  private func annotate(_ map: inout MapSpec) {
    guard let types, let id = types.id(named: "____btf_map_\(map.name)", kind: .structure),
      let members = try? types.type(id).composite?.members, members.count == 2,
      (try? types.size(of: members[0].type)) == Int(map.keySize),
      (try? types.size(of: members[1].type)) == Int(map.valueSize)
    else { return }
    map.keyType = members[0].type
    map.valueType = members[1].type
  }
}

extension ELFFile.Symbol {
  /// Whether it names something that is defined here, not a section, file or mapping.
  fileprivate var isDefinition: Bool {
    !name.isEmpty && (type == .object || type == .none) && binding != .local
  }
}
