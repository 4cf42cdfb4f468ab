// SPDX-License-Identifier: Apache-2.0
import BTF
import Testing

/// Headers and sections newer than those of 2018, and broken ones.
@Suite struct HeaderTests {
  /// The sample with a longer header; `extra` follows the fields known so far.
  private func withHeader(_ extra: [UInt8]) throws -> [UInt8] {
    var bytes = try Sample.bytes()
    bytes[word: 4] = UInt32(24 + extra.count)
    bytes.insert(contentsOf: extra, at: 24)
    return bytes
  }

  @Test(arguments: [4, 8, 12, 40, 104]) func longerHeader(_ extra: Int) throws {
    // An empty layout section, whatever else follows it.
    let types = try BTFTypes(bytes: withHeader([UInt8](repeating: 0, count: 8) + [UInt8](repeating: 0, count: extra)))
    #expect(try types.decoded() == Sample.types)
  }

  @Test func layoutSectionIsWritten() throws {
    let builder = try Sample.builder()
    let bytes = builder.encode(withLayout: true)
    #expect(bytes[word: 4] == 32)
    #expect(bytes[word: 28] == 20 * 4)
    #expect(try BTFTypes(bytes: bytes).decoded() == Sample.types)
    // Written again by a reader that keeps the layout, it is the same.
    let all = try BTFSanitizer(accepting: .all).sanitized(BTFTypes(bytes: bytes))
    #expect(all == bytes)
    let older = try BTFSanitizer(accepting: BTFFeatures.all.subtracting(.layout)).sanitized(BTFTypes(bytes: bytes))
    #expect(older == builder.encode())
  }

  @Test func unknownKindIsSteppedOver() throws {
    let future = BTFUnknown(
      name: "future", kind: 99, count: 2, flag: true, sizeOrType: 7, payload: [1, 2, 3, 4, 5])
    var builder = BTFBuilder()
    _ = try builder.add(.unknown(future))
    let int = try builder.add(.int(BTFInteger(name: "int", size: 4)))
    let plain = builder.encode()
    let error = #expect(throws: BTFError.self) { try BTFTypes(bytes: plain) }
    #expect(error?.code == .unknownKind)
    #expect(error?.offset == 24)

    // The same with a layout section that says: kind 99 has 4 bytes, and 8 for each element.
    let types = try BTFTypes(bytes: withLayout(plain, kind: 99, fixed: 4, element: 8))
    #expect(try types.type(1) == .unknown(future))
    #expect(types.kind(1) == nil)
    #expect(types.name(1) == "future")
    #expect(types.id(named: "int", kind: .int) == int)
    #expect(throws: BTFError.self) { try types.size(of: 1) }
    #expect(throws: BTFError.self) { try types.alignment(of: 1) }
    // References in it are not known, so it cannot be moved.
    var other = BTFBuilder()
    #expect(throws: BTFError.self) { try other.append(types) }
    #expect(BTFBuilder(copying: types).encode() == plain)
    // A size that is no multiple of a word describes nothing.
    #expect(throws: BTFError.self) { try BTFTypes(bytes: withLayout(plain, kind: 99, fixed: 5, element: 8)) }
  }

  /// Puts a layout section of 100 kinds behind the types.
  private func withLayout(_ plain: [UInt8], kind: Int, fixed: UInt8, element: UInt8) -> [UInt8] {
    var layout = [UInt8](repeating: 0, count: 400)
    layout[4 * kind] = fixed
    layout[4 * kind + 1] = element
    let typeLength = Int(plain[word: 12])
    var bytes = plain
    bytes.insert(contentsOf: layout, at: 24 + typeLength)
    bytes.insert(contentsOf: [UInt8](repeating: 0, count: 8), at: 24)
    bytes[word: 4] = 32
    bytes[word: 16] += UInt32(layout.count)
    bytes[word: 24] = UInt32(typeLength)
    bytes[word: 28] = UInt32(layout.count)
    return bytes
  }

  @Test func manyElements() throws {
    // More than the 16 bits that vlen had until 2026.
    let values = (0..<70_000).map { BTFEnumeration.Value(name: "V", bits: UInt64($0)) }
    var builder = BTFBuilder()
    let id = try builder.add(.enumeration(BTFEnumeration(name: "long", size: 4, values: values)))
    guard case .enumeration(let read) = try BTFTypes(bytes: builder.encode()).type(id) else {
      Issue.record("no enumeration")
      return
    }
    #expect(read.values == values)
  }

  static let faults: [(at: Int, to: UInt32, code: BTFError.Code)] = [
    (0, 0x0001_eb9e, .badMagic), (0, 0x0002_eb9f, .unsupportedVersion),
    (4, 23, .badHeader), (4, 0, .badHeader), (4, .max, .badHeader),
    (8, .max, .badHeader), (8, 2, .badHeader), (12, .max, .badHeader),
    (16, .max, .badHeader), (20, .max, .badHeader), (20, 0, .badHeader), (20, 4, .badHeader), (20, 5, .badName),
    (24, .max, .badName), (28, 0x7f00_0000, .unknownKind), (28, 0, .unknownKind),
    (28, 0x0400_ffff | 0xff_ffff, .truncated),
  ]

  @Test(arguments: faults) func fault(_ fault: (at: Int, to: UInt32, code: BTFError.Code)) throws {
    var bytes = try Sample.bytes()
    bytes[word: fault.at] = fault.to
    let error = #expect(throws: BTFError.self) { try BTFTypes(bytes: bytes) }
    #expect(error?.code == fault.code)
    #expect((error?.offset ?? -1) >= 0 && (error?.offset ?? .max) <= bytes.count)
  }
}
