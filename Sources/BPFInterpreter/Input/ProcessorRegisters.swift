// SPDX-License-Identifier: Apache-2.0

/// A processor's registers where a kprobe or uprobe fires: `struct pt_regs`, or on ARM `struct user_pt_regs`.
public struct ProcessorRegisters: Sendable, Hashable {
  public enum Architecture: Sendable {
    case amd64, arm64
  }

  public var architecture: Architecture
  /// The function's first six arguments (eight on ARM).
  public var arguments: [UInt64]
  public var returnValue: UInt64
  public var instructionPointer: UInt64
  public var stackPointer: UInt64

  /// - Parameters:
  ///   - arguments: the function's first arguments.
  ///   - returnValue: what the function returned.
  ///   - instructionPointer: where the processor is.
  ///   - stackPointer: where the stack ends.
  ///   - architecture: the one that the program was compiled for.
  public init(
    arguments: [UInt64] = [], returnValue: UInt64 = 0, instructionPointer: UInt64 = 0, stackPointer: UInt64 = 0,
    architecture: Architecture = .amd64
  ) {
    self.architecture = architecture
    self.arguments = arguments
    self.returnValue = returnValue
    self.instructionPointer = instructionPointer
    self.stackPointer = stackPointer
  }

  var bytes: [UInt8] {
    var words: [UInt64]
    switch architecture {
    case .amd64:
      words = [UInt64](repeating: 0, count: 21)
      // rdi, rsi, rdx, rcx, r8, r9
      for (place, argument) in zip([14, 13, 12, 11, 9, 8], arguments) { words[place] = argument }
      words[10] = returnValue
      words[16] = instructionPointer
      words[19] = stackPointer
    case .arm64:
      words = [UInt64](repeating: 0, count: 34)
      for (place, argument) in arguments.prefix(8).enumerated() { words[place] = argument }
      if arguments.isEmpty { words[0] = returnValue }
      words[31] = stackPointer
      words[32] = instructionPointer
    }
    return words.flatMap { Input.bytes($0) }
  }
}
