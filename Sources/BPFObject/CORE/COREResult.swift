// SPDX-License-Identifier: Apache-2.0

public import BTF

/// What became of one CO-RE relocation.
public struct COREResult: Hashable, Sendable, CustomStringConvertible {
  /// Why an instruction was poisoned.
  public enum Problem: Hashable, Sendable {
    /// No type of the kernel has what is asked for.
    case absent
    /// A load or store of a field whose size (in bytes) differs, and whose type forbids another access.
    case wrongSize(own: Int, kernel: Int)
  }

  public enum Outcome: Hashable, Sendable {
    /// The value that the instruction held, and the one that it holds now.
    case patched(from: UInt64, to: UInt64)
    /// The instruction is now a call that the verifier rejects if it can be reached. Dead code may hold it.
    case poisoned(Problem)
  }

  /// Slot in the program.
  public var instruction: Int
  public var kind: COREKind
  /// What is asked for, in the object's terms, such as "task_struct.tgid".
  public var path: String
  /// The type of the kernel that it was bound to, and its place there; nil if none fits or none is needed.
  public var binding: COREBinding?
  public var outcome: Outcome

  public var isPoisoned: Bool { if case .poisoned = outcome { true } else { false } }

  public var description: String {
    let subject = "\(path) (\(kind.words))"
    switch outcome {
    case .patched(let from, let to): return "\(subject): \(Int64(bitPattern: from)) -> \(Int64(bitPattern: to))"
    case .poisoned(.absent): return "\(subject): this kernel has none; \(advice)"
    case .poisoned(.wrongSize(let own, let kernel)):
      return
        "\(subject): the field has \(kernel) bytes here, \(own) in the object, and is not an unsigned integer; \(advice)"
    }
  }

  /// What the author of a program can do about a poisoned instruction.
  private var advice: String {
    switch (kind, outcome) {
    case (_, .poisoned(.wrongSize)): "read it with bpf_core_read() or as a bit field"
    case (.enumValue, _): "guard its use with bpf_core_enum_value_exists()"
    default: "guard its use with bpf_core_field_exists()"
    }
  }
}

extension [COREResult] {
  /// The relocation that poisoned an instruction, for a verifier that says "invalid func unknown#195896080" there.
  public func poisoned(at instruction: Int) -> COREResult? {
    // A wide load is poisoned in both slots.
    first { $0.isPoisoned && $0.instruction == instruction }
      ?? first { $0.isPoisoned && $0.instruction == instruction - 1 }
  }
}
