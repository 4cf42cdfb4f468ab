// SPDX-License-Identifier: Apache-2.0

/// Values of the source register field that give a wide load or a call another meaning.
///
/// Source: RFC 9669 §5.4 and §4.3.1, `include/uapi/linux/bpf.h`.
public enum PseudoSource {
  // In a wide load (opcode 0x18).

  /// `BPF_PSEUDO_MAP_FD`: the immediate is a map's file descriptor; loads the map.
  public static let mapFD: UInt8 = 1
  /// `BPF_PSEUDO_MAP_VALUE`: the same, plus in the second slot the offset of a byte in its first value.
  public static let mapValue: UInt8 = 2
  /// `BPF_PSEUDO_BTF_ID`: a kernel variable by its BTF id; the second slot holds the descriptor of a module's BTF, or 0.
  public static let btfID: UInt8 = 3
  /// `BPF_PSEUDO_FUNC`: the address of a subprogram, as a slot offset relative to the next slot.
  public static let function: UInt8 = 4
  /// `BPF_PSEUDO_MAP_IDX`: a map by its index in the descriptor array that is handed over with the program.
  public static let mapIndex: UInt8 = 5
  /// `BPF_PSEUDO_MAP_IDX_VALUE`: by index, plus the offset in its first value.
  public static let mapIndexValue: UInt8 = 6

  // In a call (opcode 0x85).

  /// `BPF_PSEUDO_CALL`: a subprogram, as a slot offset relative to the next slot.
  public static let call: UInt8 = 1
  /// `BPF_PSEUDO_KFUNC_CALL`: a kernel function by its BTF id; the offset chooses the module.
  public static let kfuncCall: UInt8 = 2
}
