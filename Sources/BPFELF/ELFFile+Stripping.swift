// SPDX-License-Identifier: Apache-2.0

extension ELFFile {
  /// The object without what no loader of kernel programs reads: DWARF, and relocations of DWARF and BTF.
  ///
  /// Those sections stay in the table, empty, so that no section or symbol changes its number. Loaders (libbpf, bpftool,
  /// this one) read the result as they read the original.
  public func stripped() -> [UInt8] {
    guard fileType == .relocatable, sections.contains(where: { isDispensable($0) && $0.size > 0 }) else { return bytes }
    let tableSize = sections.count * ELFHeader.sectionEntrySize
    let oldTable = Int(clamping: uint64(at: 40))
    guard oldTable <= bytes.count - tableSize else { return bytes }

    var table = Array(bytes[oldTable..<oldTable + tableSize])
    var output = Array(bytes[..<ELFHeader.size])
    for section in sections where section.type != .null {
      let entry = section.index * ELFHeader.sectionEntrySize
      let isKept = !isDispensable(section)
      if isKept, section.type != .noBits, section.size > 0 {
        // No compiler asks for more than a page.
        pad(&output, to: Int(min(max(section.alignment, 1), 4096)))
        put(UInt64(output.count), at: entry + 24, in: &table)
        output += bytes(of: section)
      } else {
        put(UInt64(output.count), at: entry + 24, in: &table)
      }
      if !isKept { put(0, at: entry + 32, in: &table) }
    }
    pad(&output, to: 8)
    put(UInt64(output.count), at: 40, in: &output)
    output += table
    // Sections of a hostile file may share their bytes.
    return output.count < bytes.count ? output : bytes
  }

  private func isDispensable(_ section: Section) -> Bool {
    switch section.type {
    case .relocations, .relocationsWithAddend:
      guard sections.indices.contains(section.info) else { return false }
      let target = sections[section.info]
      return target.name == ".BTF" || target.name == ".BTF.ext"
        || target.type == .programBits && isDispensable(target)
    case .programBits: return section.name.hasPrefix(".debug_") || section.name == ".comment"
    case .llvmAddressSignificance: return true
    default: return false
    }
  }

  private func pad(_ output: inout [UInt8], to alignment: Int) {
    let rest = output.count % alignment
    if rest > 0 { output += Array(repeating: 0, count: alignment - rest) }
  }

  private func uint64(at offset: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 << 8 | UInt64(bytes[offset + (isBigEndian ? $1 : 7 - $1)]) }
  }

  private func put(_ value: UInt64, at offset: Int, in bytes: inout [UInt8]) {
    for index in 0..<8 {
      bytes[offset + (isBigEndian ? 7 - index : index)] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
    }
  }
}
