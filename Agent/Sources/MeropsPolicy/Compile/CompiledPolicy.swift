// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode
public import MeropsModel

/// What the kernel gets of a policy set: a program for each hook that a rule is about, and their maps' contents.
public struct CompiledPolicy: Sendable {
  /// In the order in which they are asked. A verdict names a rule by its place here.
  public var rules: [Rule]
  public var hooks: [PolicyHook: CompiledProgram]
  /// What events are asked about instead.
  public var observed: [ObservedRule] = []
}

/// A program for one hook. It refers to maps by their place in ``maps``.
public struct CompiledProgram: Sendable {
  public var instructions: [Instruction]
  /// Where paths have to be written before rules can be asked: what finds out first whether a rule may be about the process.
  /// Then it goes on by the hook's slots, else the act is allowed. Empty where there is nothing to be written.
  public var filter: [Instruction] = []
  public var maps: [CompiledMap]
  /// Where the rules stand that this hook decides by, or that only tell.
  public var rules: [Int]

  public var ruleCount: Int { rules.count }

  /// What stands where no rule is about a hook.
  public static func allowing(_ hook: PolicyHook) -> CompiledProgram {
    CompiledProgram(instructions: [.move(.r0, .immediate(hook.allowing)), .exit], maps: [], rules: [])
  }

  /// Instructions for the kernel.
  ///
  /// - Parameters:
  ///   - instructions: the program's, or its filter's.
  ///   - descriptors: those of the maps, in their order.
  public static func instructions(_ instructions: [Instruction], descriptors: [Int32]) -> [Instruction] {
    var result = instructions
    for index in result.indices where result[index].opcode == .wideLoad {
      switch result[index].source.rawValue {
      case PseudoSource.mapIndex: result[index].source = Register(rawValue: PseudoSource.mapFD)
      case PseudoSource.mapIndexValue: result[index].source = Register(rawValue: PseudoSource.mapValue)
      default: continue
      }
      result[index].immediate = descriptors[Int(result[index].immediate)]
    }
    return result
  }
}

/// The places of programs in a hook's slots. The lowest bit is the bank.
public enum PolicySlots {
  /// What entries go on with: what decides, or finds out whether a rule may be about the process.
  public static let first: UInt32 = 0
  /// What decides once paths are written.
  public static let second: UInt32 = 2
  /// What writes paths.
  public static let paths: UInt32 = 4
}

/// A map that a program refers to.
public enum CompiledMap: Hashable, Sendable {
  /// What the kernel knows of processes: keys of 4 bytes, values of ``ProcessLayout``.
  case processes
  /// The ring that verdicts are sent through.
  case verdicts
  /// One value: how many verdicts the ring had no room for, then how often each rule applied; 8 bytes each.
  case counters
  /// The paths of acts: keys of 4 bytes, values of ``ActLayout``.
  case acts
  /// The hook's programs, as ``PolicySlots`` numbers them.
  case slots
  /// A hash of 8-byte numbers.
  case numbers(Set<UInt64>)
  /// A hash of packed paths.
  case paths(Set<[UInt8]>)
  /// A trie of address blocks: the prefix's length, and the address in network order.
  case blocks(Set<AddressBlock>)
}

/// What a program tells of an act that a rule decided: as it lies in the ring.
public enum VerdictLayout {
  public static let size = 72
  static let time: Int16 = 0
  static let thread: Int16 = 8
  static let address: Int16 = 16
  /// In place of an address: how many bytes the path and that of the target have, and whether they were cut (1, 2).
  static let pathBytes: Int16 = 16
  static let targetBytes: Int16 = 20
  static let pathFlags: Int16 = 24
  static let generation: Int16 = 32
  static let rule: Int16 = 36
  static let port: Int16 = 40
  static let hook: Int16 = 42
  static let flags: Int16 = 43
  static let transport: Int16 = 44
  static let cgroup: Int16 = 48
  static let command: Int16 = 56

  /// Bits of the flags.
  public static let isUnknown: UInt8 = 1
  public static let isAudit: UInt8 = 2
}
