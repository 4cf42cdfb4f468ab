// SPDX-License-Identifier: Apache-2.0
import BPFELF
import BTF
import Testing

/// What `.BTF.ext` says, compared with the object's symbols and source.
@Suite struct ExtTests {
  @Test(arguments: Input.objects.map(\.name)) func object(_ name: String) throws {
    let object = try #require(Input.objects.first { $0.name == name })
    guard let bytes = try Input.section(".BTF.ext", of: object.bytes) else { return }
    let types = try BTFTypes(bytes: object.btf)
    let elf = try ELFFile(bytes: object.bytes)
    let ext = try BTFExt(bytes: bytes)

    // A function's info stands where the symbol of its name is.
    for (section, infos) in ext.functionInfo {
      let sectionName = try #require(types.string(at: section))
      let index = try #require(elf.section(named: sectionName)).index
      for info in infos {
        #expect(types.kind(info.type) == .function)
        let name = types.name(info.type)
        let symbol = elf.symbols.first { $0.name == name && elf.section(of: $0)?.index == index }
        #expect(symbol?.value == UInt64(info.byteOffset), "\(name) in \(sectionName)")
      }
    }
    for (section, lines) in ext.lineInfo {
      let sectionName = try #require(types.string(at: section))
      let size = try #require(elf.section(named: sectionName)).size
      for line in lines {
        #expect(line.byteOffset % 8 == 0 && UInt64(line.byteOffset) < UInt64(size))
        #expect(types.string(at: line.fileName)?.isEmpty == false)
        #expect(types.string(at: line.line) != nil)
        #expect(line.lineNumber << 10 | line.column == Int(line.lineColumn))
      }
    }
    for record in ext.coreRelocations.values.joined() {
      _ = try types.type(record.type)
      let access = try #require(types.string(at: record.access))
      #expect(access.split(separator: ":").allSatisfy { Int($0) != nil })
    }
  }

  /// One table of each kind, all in one section, with `extra` bytes at the end of header and records.
  private func bytes(extra: Int = 0, header: Int = 32, kind: UInt32 = 8) -> [UInt8] {
    func table(_ record: [UInt32]) -> [UInt32] {
      let record = record + [UInt32](repeating: 0xdead_beef, count: extra / 4)
      return [UInt32(4 * record.count), 7, 2] + record + record + [9, 1] + record
    }
    let tables = [[8, 3], [16, 1, 2, 5 << 10 | 6], header >= 32 ? [24, 4, 11, kind] : []].map {
      $0.isEmpty ? [] : table($0)
    }
    var words = [UInt32(header + extra)]
    var offset: UInt32 = 0
    for table in tables.prefix(header >= 32 ? 3 : 2) {
      words += [offset, UInt32(4 * table.count)]
      offset += UInt32(4 * table.count)
    }
    words += [UInt32](repeating: 0xdead_beef, count: extra / 4) + tables.joined()
    return [0x9f, 0xeb, 1, 0] + words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  @Test(arguments: [0, 4, 12]) func longerRecords(_ extra: Int) throws {
    let ext = try BTFExt(bytes: bytes(extra: extra))
    let function = FunctionInfo(byteOffset: 8, type: 3)
    #expect(ext.functionInfo == [7: [function, function], 9: [function]])
    let line = LineInfo(byteOffset: 16, fileName: 1, line: 2, lineColumn: 5 << 10 | 6)
    #expect(ext.lineInfo == [7: [line, line], 9: [line]])
    #expect((line.lineNumber, line.column) == (5, 6))
    let record = CORERecord(byteOffset: 24, type: 4, access: 11, kind: .typeExists)
    #expect(ext.coreRelocations == [7: [record, record], 9: [record]])
  }

  @Test func headerBeforeCORE() throws {
    let ext = try BTFExt(bytes: bytes(header: 24))
    #expect(ext.lineInfo.count == 2)
    #expect(ext.coreRelocations.isEmpty)
  }

  @Test func bigEndian() throws {
    var swapped = bytes()
    swapped.swapAt(0, 1)
    for offset in stride(from: 4, to: swapped.count, by: 4) { swapped[offset..<offset + 4].reverse() }
    #expect(try BTFExt(bytes: swapped) == BTFExt(bytes: bytes()))
  }

  @Test func unknownRelocation() {
    let error = #expect(throws: BTFError.self) { try BTFExt(bytes: bytes(kind: 13)) }
    #expect(error?.code == .unknownKind)
  }

  @Test func cutAnywhere() throws {
    let whole = bytes()
    for length in 0..<whole.count {
      let error = #expect(throws: BTFError.self) { try BTFExt(bytes: Array(whole[..<length])) }
      #expect((error?.offset ?? .max) <= whole.count)
    }
  }

  @Test func damagedAnywhere() throws {
    let whole = bytes()
    for offset in whole.indices {
      for value in UInt8.min...UInt8.max {
        var damaged = whole
        damaged[offset] = value
        guard let ext = try? BTFExt(bytes: damaged) else { continue }
        #expect(ext.functionInfo.values.joined().count * 8 <= whole.count)
      }
    }
  }
}
