// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode
public import BTF

/// A program with all the subprograms that it reaches, ready but for what depends on the running kernel: descriptors of
/// maps, addresses of kernel symbols, CO-RE.
///
/// Subprograms follow in libbpf's order: each is appended when its first call is met, then its own calls are followed.
/// Every index counts slots from the start of ``instructions``.
public struct LinkedProgram: Sendable {
  /// Calls and addresses of subprograms are resolved. Wide loads of maps carry the pseudo source and, for values, the
  /// offset in the second slot; the immediate of the first slot is 0 until ``references`` are resolved.
  public var instructions: [Instruction]
  /// What instructions refer to, ascending by instruction.
  public var references: [Reference]
  /// The CO-RE relocations.
  public var core: [CORERelocation]
  /// The type of the function that starts at each instruction; empty if the object does not say.
  public var functions: [FunctionType]
  /// Where instructions come from in the source; empty if the object does not say.
  public var lines: [SourceLine]
  /// Records that were left out, because a function that the program reaches has none.
  public var omissions: [Omission] = []

  /// Records of functions or lines, which the kernel takes for every function of a program or for none.
  public struct Omission: Hashable, Sendable {
    public var record: Record
    /// The function without: "subprogram helper".
    public var function: String

    public enum Record: Sendable { case functions, lines }
  }

  /// An instruction that refers to something outside the program.
  public struct Reference: Hashable, Sendable {
    /// The first slot of a wide load, or a call.
    public var instruction: Int
    public var target: Target

    public init(instruction: Int, target: Target) {
      self.instruction = instruction
      self.target = target
    }
  }

  /// What an instruction refers to.
  public enum Target: Hashable, Sendable {
    /// A wide load of a map, by index in ``ObjectSpec/maps``.
    case map(Int)
    /// A wide load of the address of a byte in the first value of a map (by index): a global variable. For an arena the
    /// offset counts from the start of the object's arena globals.
    case mapValue(Int, offset: Int)
    /// A wide load of a kernel symbol or call of a kernel function, by index in ``ObjectSpec/externs``.
    case `extern`(Int)
    /// A wide load of a jump table: an instruction array with these slots of the program.
    case jumpTable([UInt32])
  }

  /// A CO-RE record and the instruction that it patches.
  public typealias CORERelocation = (instruction: Int, record: CORERecord)
  /// The id of a `BTF_KIND_FUNC` and the first instruction of its function.
  public typealias FunctionType = (instruction: Int, type: TypeID)
  /// A line and the first instruction made from it.
  public typealias SourceLine = (instruction: Int, line: LineInfo)
}
