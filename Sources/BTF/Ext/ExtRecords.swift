// SPDX-License-Identifier: Apache-2.0

/// The type of the function that starts at an instruction: `struct bpf_func_info`.
public struct FunctionInfo: Hashable, Sendable {
  /// Bytes from the start of the ELF section.
  public var byteOffset: UInt32
  /// A `BTF_KIND_FUNC`.
  public var type: TypeID

  public init(byteOffset: UInt32, type: TypeID) {
    self.byteOffset = byteOffset
    self.type = type
  }
}

/// The source line that an instruction comes from: `struct bpf_line_info`.
public struct LineInfo: Hashable, Sendable {
  /// Bytes from the start of the ELF section.
  public var byteOffset: UInt32
  /// The file's path, as an offset of the string section.
  public var fileName: UInt32
  /// The line's text, as an offset of the string section.
  public var line: UInt32
  /// The line's number and column: `number << 10 | column`.
  public var lineColumn: UInt32

  public init(byteOffset: UInt32, fileName: UInt32, line: UInt32, lineColumn: UInt32) {
    self.byteOffset = byteOffset
    self.fileName = fileName
    self.line = line
    self.lineColumn = lineColumn
  }

  /// Counted from 1.
  public var lineNumber: Int { Int(lineColumn >> 10) }
  /// Counted from 1; 0 if unknown.
  public var column: Int { Int(lineColumn & 0x3ff) }
}

/// One CO-RE relocation: what an instruction asks of the running kernel's types, `struct bpf_core_relo`.
public struct CORERecord: Hashable, Sendable {
  /// The instruction to patch: bytes from the start of the ELF section.
  public var byteOffset: UInt32
  /// The object's own version of the type.
  public var type: TypeID
  /// The path from the type to the field, such as `0:1:2`, as an offset of the string section.
  public var access: UInt32
  public var kind: COREKind

  public init(byteOffset: UInt32, type: TypeID, access: UInt32, kind: COREKind) {
    self.byteOffset = byteOffset
    self.type = type
    self.access = access
    self.kind = kind
  }
}

/// What a CO-RE relocation puts into the instruction: `enum bpf_core_relo_kind`.
public enum COREKind: UInt32, Hashable, Sendable, CaseIterable {
  /// `BPF_CORE_FIELD_BYTE_OFFSET`
  case fieldByteOffset = 0
  /// `BPF_CORE_FIELD_BYTE_SIZE`
  case fieldByteSize
  /// `BPF_CORE_FIELD_EXISTS`: 1 or 0.
  case fieldExists
  /// `BPF_CORE_FIELD_SIGNED`: 1 or 0.
  case fieldSigned
  /// `BPF_CORE_FIELD_LSHIFT_U64`: by how many bits to shift a loaded bit field left.
  case fieldLeftShift
  /// `BPF_CORE_FIELD_RSHIFT_U64`: by how many bits to shift it right after that.
  case fieldRightShift
  /// `BPF_CORE_TYPE_ID_LOCAL`: the id in the object's own BTF.
  case localTypeID
  /// `BPF_CORE_TYPE_ID_TARGET`: the id in the kernel's BTF.
  case targetTypeID
  /// `BPF_CORE_TYPE_EXISTS`: 1 or 0.
  case typeExists
  /// `BPF_CORE_TYPE_SIZE`
  case typeSize
  /// `BPF_CORE_ENUMVAL_EXISTS`: 1 or 0.
  case enumValueExists
  /// `BPF_CORE_ENUMVAL_VALUE`
  case enumValue
  /// `BPF_CORE_TYPE_MATCHES`: 1 or 0.
  case typeMatches
}
