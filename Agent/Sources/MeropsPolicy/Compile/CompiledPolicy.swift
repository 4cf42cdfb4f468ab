// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode
public import MeropsModel

/// What the kernel gets of a policy set: a program for each hook that a rule is about, and their maps' contents.
public struct CompiledPolicy: Sendable {
  /// In the order in which they are asked. A verdict names a rule by its place here.
  public var rules: [Rule]
  public var hooks: [PolicyHook: CompiledProgram]
}

/// A program for one hook. It refers to maps by their place in ``maps``.
public struct CompiledProgram: Sendable {
  public var instructions: [Instruction]
  public var maps: [CompiledMap]
  /// How many rules it has.
  public var ruleCount: Int

  /// What stands where no rule is about a hook.
  public static func allowing(_ hook: PolicyHook) -> CompiledProgram {
    CompiledProgram(instructions: [.move(.r0, .immediate(hook.allowing)), .exit], maps: [], ruleCount: 0)
  }

  /// The instructions for the kernel.
  ///
  /// - Parameter descriptors: those of the maps, in their order.
  public func instructions(descriptors: [Int32]) -> [Instruction] {
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

/// A map that a program refers to.
public enum CompiledMap: Hashable, Sendable {
  /// What the kernel knows of processes: keys of 4 bytes, values of ``ProcessLayout``.
  case processes
  /// The ring that verdicts are sent through.
  case verdicts
  /// One value: how many verdicts the ring had no room for, then how often each rule applied; 8 bytes each.
  case counters
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
