// SPDX-License-Identifier: Apache-2.0

internal import BTF

/// What a relocation comes to in one BTF.
struct COREValue {
  var value: UInt64
  /// Bytes and type of the field that a load or store reads; nil where the relocation says nothing about it.
  var field: (size: Int, type: BTFType)?
  /// Whether the instruction must hold this value before it is patched, when this is the object's own.
  var isCertain = true

  init(_ value: UInt64) { self.value = value }

  init(_ value: Bool) { self.init(value ? 1 : 0) }
}

// Source: bpf_core_calc_field_relo, _type_relo and _enumval_relo in libbpf's relo_core.c.
extension COREPath {
  /// The value of a relocation of this kind; nil if there is no such value without a match, so that the instruction
  /// must not run.
  static func valueWithoutMatch(_ kind: COREKind) -> COREValue? {
    switch kind {
    case .fieldExists, .enumValueExists: COREValue(0)
    case .fieldByteOffset, .fieldByteSize, .fieldSigned, .fieldLeftShift, .fieldRightShift, .enumValue: nil
    case .localTypeID, .targetTypeID, .typeExists, .typeSize, .typeMatches: COREValue(0)
    }
  }

  func value(_ kind: COREKind) throws(COREError.Reason) -> COREValue {
    switch kind {
    case .fieldExists, .enumValueExists, .typeExists, .typeMatches: return COREValue(1)
    case .typeSize: return COREValue(UInt64(try view.size(of: root)))
    case .localTypeID, .targetTypeID:
      var value = COREValue(UInt64(root.rawValue))
      value.isCertain = false  // linkers renumber types without patching instructions
      return value
    case .enumValue: return try enumeratorValue()
    case .fieldByteOffset, .fieldByteSize, .fieldSigned, .fieldLeftShift, .fieldRightShift:
      guard let step = steps.last else { throw .unsupported("the access names no field") }
      guard step.name != nil, let member = try view.type(step.type).composite?.members[step.index] else {
        return try elementValue(kind, step)
      }
      return member.isBitField ? try bitFieldValue(kind, member) : try memberValue(kind, member)
    }
  }

  /// An enumerator of 32 bits is sign-extended, as libbpf does: kernels before Linux 6.0 do not say which enumerations
  /// are signed.
  private func enumeratorValue() throws(COREError.Reason) -> COREValue {
    guard let step = steps.first, let type = try view.type(step.type).enumeration else {
      throw .unsupported("the access names no enumerator")
    }
    let bits = type.values[step.index].bits
    return COREValue(type.is64Bit ? bits : UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: bits))))
  }

  /// Of an array's element.
  private func elementValue(_ kind: COREKind, _ step: Step) throws(COREError.Reason) -> COREValue {
    switch kind {
    case .fieldByteOffset:
      var value = COREValue(UInt64(bitOffset / 8))
      value.field = (try scalarSize(step.type), try view.type(step.type))
      return value
    case .fieldByteSize: return COREValue(UInt64(try view.size(of: step.type)))
    default: throw .unsupported("an array's element has no \(kind.words)")
    }
  }

  private func memberValue(_ kind: COREKind, _ member: BTFComposite.Member) throws(COREError.Reason) -> COREValue {
    let (id, type) = try view.resolved(member.type)
    let size = try view.size(of: id)
    switch kind {
    case .fieldByteOffset:
      var value = COREValue(UInt64(bitOffset / 8))
      value.field = (try scalarSize(id), type)
      return value
    case .fieldByteSize: return COREValue(UInt64(size))
    case .fieldSigned: return COREValue(type.isSigned)
    case .fieldLeftShift: return shift(64 - (bitOffset % 8 + size * 8))
    default: return shift(64 - size * 8)
    }
  }

  /// A bit field is loaded with the smallest access of its type's size or a multiple that covers it, then shifted.
  private func bitFieldValue(_ kind: COREKind, _ member: BTFComposite.Member) throws(COREError.Reason) -> COREValue {
    let type = try view.resolved(member.type).type
    guard var size = type.size, size > 0 else { throw .unsupported("the bit field has a type without size") }
    var start = bitOffset / 8 / size * size
    while bitOffset + member.bitSize > (start + size) * 8 {
      guard size < 8 else { throw .unsupported("the bit field spans more than 8 bytes, which no load reads") }
      size *= 2
      start = bitOffset / 8 / size * size
    }
    var value: COREValue
    switch kind {
    case .fieldByteOffset: value = COREValue(UInt64(start))
    case .fieldByteSize: value = COREValue(UInt64(size))
    case .fieldSigned: return COREValue(type.isSigned)
    case .fieldLeftShift: value = shift(64 - (bitOffset + member.bitSize - start * 8))
    default: return shift(64 - member.bitSize)
    }
    // Compilers choose the access themselves, not always like this.
    value.isCertain = false
    return value
  }

  /// The size of an element that is not an array, however deep the arrays.
  private func scalarSize(_ id: TypeID) throws(COREError.Reason) -> Int {
    var (id, type) = try view.resolved(id)
    for _ in 0..<Self.maximumDepth {
      guard case .array(let array) = type else { return try view.size(of: id) }
      (id, type) = try view.resolved(array.element)
    }
    throw .tooComplex
  }

  /// A shift count. For fields of more than 64 bits it makes no sense, and is what libbpf makes of it.
  private func shift(_ count: Int) -> COREValue { COREValue(UInt64(UInt32(truncatingIfNeeded: count))) }
}

extension BTFType {
  fileprivate var isSigned: Bool {
    switch self {
    case .int(let integer): integer.isSigned
    case .enumeration(let enumeration): enumeration.isSigned
    default: false
    }
  }
}
