// SPDX-License-Identifier: Apache-2.0

/// What an object's `.BTF.ext` section records about its instructions.
///
/// Each table maps an ELF section, by the offset of its name in the BTF's strings, to records in file order. Records
/// and headers longer than those known today are read as far as they are known.
/// Source: `struct btf_ext_header` in libbpf, `Documentation/bpf/btf.rst` of the kernel.
public struct BTFExt: Hashable, Sendable {
  /// Which function starts where.
  public var functionInfo: [UInt32: [FunctionInfo]] = [:]
  /// Which source line an instruction comes from.
  public var lineInfo: [UInt32: [LineInfo]] = [:]
  /// The CO-RE relocations.
  public var coreRelocations: [UInt32: [CORERecord]] = [:]

  /// A section without records.
  public init() {}

  /// Reads a `.BTF.ext` section, in either byte order.
  ///
  /// - Throws: `BTFError` for bytes that are not `.BTF.ext`, with the offset of the fault.
  public init(bytes: [UInt8]) throws(BTFError) {
    let (tables, failure) = bytes.withUnsafeBytes { buffer -> (BTFExt, BTFError?) in
      var tables = BTFExt()
      do throws(BTFError) { try tables.read(buffer) } catch { return (tables, error) }
      return (tables, nil)
    }
    if let failure { throw failure }
    self = tables
  }

  private mutating func read(_ bytes: UnsafeRawBufferPointer) throws(BTFError) {
    guard bytes.count >= 8, let start = bytes.baseAddress else {
      throw BTFError(.truncated, at: bytes.count, ".BTF.ext: no header")
    }
    let isBigEndian: Bool
    switch (bytes[0], bytes[1]) {
    case (BTFHeader.magic.0, BTFHeader.magic.1): isBigEndian = false
    case (BTFHeader.magic.1, BTFHeader.magic.0): isBigEndian = true
    default: throw BTFError(.badMagic, at: 0, ".BTF.ext: the first two bytes are not the magic number 0xeb9f")
    }
    guard bytes[2] == 1 else {
      throw BTFError(.unsupportedVersion, at: 2, ".BTF.ext: version \(bytes[2]) is not 1")
    }
    let source = ByteSource(
      start: start, count: bytes.count, isSwapped: isBigEndian != BTFHeader.hostIsBigEndian)
    let length = Int(source.word(at: 4))
    guard length >= 24, length <= bytes.count else {
      throw BTFError(.badHeader, at: 4, ".BTF.ext: the header claims \(length) bytes of \(bytes.count)")
    }

    try Self.table("function info", at: 8, recordSize: 8, source, length) { section, record in
      functionInfo[section, default: []].append(
        FunctionInfo(byteOffset: source.word(at: record), type: TypeID(rawValue: source.word(at: record + 4))))
    }
    try Self.table("line info", at: 16, recordSize: 16, source, length) { section, record in
      lineInfo[section, default: []].append(
        LineInfo(
          byteOffset: source.word(at: record), fileName: source.word(at: record + 4),
          line: source.word(at: record + 8), lineColumn: source.word(at: record + 12)))
    }
    // The header's first version ended before the CO-RE table.
    guard length >= 32 else { return }
    try Self.table("CO-RE", at: 24, recordSize: 16, source, length) { section, record throws(BTFError) in
      let number = source.word(at: record + 12)
      guard let kind = COREKind(rawValue: number) else {
        throw BTFError(.unknownKind, at: record + 12, ".BTF.ext: a CO-RE relocation of unknown kind \(number)")
      }
      coreRelocations[section, default: []].append(
        CORERecord(
          byteOffset: source.word(at: record), type: TypeID(rawValue: source.word(at: record + 4)),
          access: source.word(at: record + 8), kind: kind))
    }
  }

  /// Visits each record of one table: a word with the record's size, then per ELF section its name, a count, records.
  private static func table(
    _ name: String, at field: Int, recordSize: Int, _ source: ByteSource, _ headerLength: Int,
    _ visit: (_ section: UInt32, _ record: Int) throws(BTFError) -> Void
  ) throws(BTFError) {
    var offset = headerLength + Int(source.word(at: field))
    let length = Int(source.word(at: field + 4))
    guard length > 0 else { return }
    let end = offset + length
    guard end <= source.count else {
      throw BTFError(
        .badHeader, at: field, ".BTF.ext: the \(name) table, \(offset)..<\(end), extends beyond the section")
    }
    guard length >= 4 else { throw BTFError(.truncated, at: offset, ".BTF.ext: the \(name) table has no record size") }
    let stride = Int(source.word(at: offset))
    guard stride >= recordSize, stride % 4 == 0 else {
      throw BTFError(.badHeader, at: offset, ".BTF.ext: \(name) records of \(stride) bytes, not \(recordSize)")
    }
    offset += 4
    while offset < end {
      guard end - offset >= 8 else { throw BTFError(.truncated, at: offset, ".BTF.ext: the \(name) table ends early") }
      let section = source.word(at: offset)
      let count = Int(source.word(at: offset + 4))
      offset += 8
      guard count <= (end - offset) / stride else {
        throw BTFError(.truncated, at: offset - 4, ".BTF.ext: \(count) \(name) records, \(end - offset) bytes are left")
      }
      for index in 0..<count { try visit(section, offset + index * stride) }
      offset += count * stride
    }
  }
}
