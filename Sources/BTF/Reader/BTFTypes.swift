// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The types of a kernel, module or object file, read in place.
///
/// Opening makes one pass that notes where each type starts. Types are decoded when asked for, and names are
/// looked up by an index that is made once it pays. Instances never change and may be shared by threads.
///
/// Memory is four bytes per type; the name index, once made, adds about as much again. Source: `Documentation/bpf/btf.rst`
/// and `include/uapi/linux/btf.h` of the kernel.
public final class BTFTypes: Sendable {
  /// What BTF starts with, in either byte order.
  public static let magics: [[UInt8]] = [
    [BTFHeader.magic.0, BTFHeader.magic.1], [BTFHeader.magic.1, BTFHeader.magic.0],
  ]

  /// The BTF that this one extends; ids and strings continue the base's.
  public let base: BTFTypes?
  /// The first id of this BTF itself: 1, or the base's `endID`.
  public let firstID: TypeID

  let source: ByteSource
  let header: BTFHeader
  let layout: RecordLayout
  let offsets: RecordOffsets
  /// String offsets below this are the base's.
  let firstString: UInt64
  let names = Mutex(NameLookup())
  let hasLongStrings: Bool
  private let owner: any AnyObject & Sendable

  /// Reads BTF from bytes, which are copied.
  ///
  /// - Parameters:
  ///   - bytes: a whole blob, header first, in either byte order.
  ///   - base: for split BTF (a kernel module's), the BTF that it extends.
  /// - Throws: `BTFError` for bytes that are not BTF, with the offset of the fault.
  /// - Complexity: O(number of types).
  public convenience init(bytes: [UInt8], base: BTFTypes? = nil) throws(BTFError) {
    let copy = ByteCopy(bytes)
    try self.init(mapped: copy.buffer, owner: copy, base: base)
  }

  /// Reads BTF where it lies, such as in a mapped file.
  ///
  /// - Parameters:
  ///   - mapped: a whole blob, header first. The bytes must not change.
  ///   - owner: keeps the bytes mapped for as long as it lives; held by this object.
  ///   - base: for split BTF (a kernel module's), the BTF that it extends.
  /// - Throws: `BTFError` for bytes that are not BTF, with the offset of the fault.
  /// - Complexity: O(number of types).
  public init(
    mapped: UnsafeRawBufferPointer, owner: any AnyObject & Sendable, base: BTFTypes? = nil
  ) throws(BTFError) {
    let header = try BTFHeader(mapped)
    guard let start = mapped.baseAddress else { throw BTFError(.truncated, at: 0, "no bytes") }
    let source = ByteSource(
      start: start, count: mapped.count, isSwapped: header.isBigEndian != BTFHeader.hostIsBigEndian)
    let strings = header.strings
    let firstString = base?.endString ?? 0
    if strings.isEmpty {
      guard base != nil else { throw BTFError(.badHeader, at: 20, "there is no string section") }
    } else {
      guard source.byte(at: strings.upperBound - 1) == 0 else {
        throw BTFError(.badHeader, at: strings.upperBound - 1, "the string section does not end with a zero byte")
      }
      guard base != nil || source.byte(at: strings.lowerBound) == 0 else {
        throw BTFError(
          .needsBase, at: strings.lowerBound,
          "this looks like split BTF, which continues other types: a module's continue the kernel's")
      }
    }
    let firstID = base?.endID ?? TypeID(rawValue: 1)
    let layout = RecordLayout(section: header.layout, of: source, inheriting: base?.layout)
    let offsets = try RecordOffsets(
      of: source, section: header.types, layout: layout, stringEnd: firstString + UInt64(strings.count))
    guard Int(firstID.rawValue) + offsets.count <= Int(Int32.max) else {
      throw BTFError(.tooLarge, at: header.types.lowerBound, "it has more types than there are ids")
    }
    self.base = base
    self.firstID = firstID
    self.source = source
    self.header = header
    self.layout = layout
    self.offsets = offsets
    self.firstString = firstString
    self.owner = owner
    hasLongStrings = Self.hasLongStrings(source, strings, base: base)
    try checkNames()
  }

  /// One past the last id.
  public var endID: TypeID { TypeID(rawValue: firstID.rawValue + UInt32(offsets.count)) }

  /// The ids of this BTF itself, without its base's.
  public var ids: Range<TypeID> { firstID..<endID }

  /// The byte order of the blob.
  public var isBigEndian: Bool { header.isBigEndian }

  /// The blob as it was given, header first: what `BPF_BTF_LOAD` takes.
  public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try body(UnsafeRawBufferPointer(start: source.start, count: source.count))
  }

  var endString: UInt64 { firstString + UInt64(header.strings.count) }
}
