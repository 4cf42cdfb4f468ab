// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode
public import SystemPackage

/// The verifier refused a program: why, where in the source, where in the code, and the log to read on.
public struct VerifierError: Error, Hashable, Sendable {
  /// The program's name.
  public var program: String

  /// The kernel's answer: EACCES or EINVAL mostly, E2BIG for a program that is too complex.
  public var errno: Errno

  /// Why, in the verifier's own words where it gave any: "R1 invalid mem access 'scalar'".
  public var cause: String

  /// The index of the instruction (in 8-byte slots) at which it stopped.
  public var instruction: Int?

  /// That instruction, disassembled.
  public var disassembly: String?

  /// The source line that it was compiled from: "counter.bpf.c:42: int value = *pointer;".
  public var source: String?

  /// What the verifier would change, where the kernel says so: "Add a NULL check before the access ...".
  public var suggestion: String? { log.suggestion }

  /// What usually helps against such a refusal.
  public var hint: String? { VerifierHints.hint(cause: cause, errno: errno) }

  /// Helpers that the program calls and the running kernel does not have.
  public var missingHelpers: [Helper] { log.missingHelpers }

  /// The whole log.
  public var log: VerifierLog

  init(program: String, errno: Errno, log: VerifierLog, locate: (Int) -> String?) {
    let finding = log.finding()
    self.program = program
    self.errno = errno
    self.log = log
    cause = finding.cause ?? "no reason given"
    instruction = finding.instruction
    disassembly = finding.disassembly
    source = finding.instruction.flatMap(locate) ?? finding.source
  }
}

extension VerifierError: CustomStringConvertible {
  /// Several lines: the cause, the place, the end of the log, and how to see the rest.
  public var description: String {
    var text = "the verifier refused program \(program) (\(errno)): \(cause)"
    if let instruction {
      text += "\n  at instruction \(instruction)"
      if let disassembly { text += ": \(disassembly)" }
    }
    if let source { text += "\n  source \(source)" }
    if let suggestion { text += "\n  the verifier suggests: \(suggestion)" }
    if let hint { text += "\n  what to do: \(hint)" }
    let shown = log.lastLines(Self.shownLines)
    if !shown.isEmpty {
      text += "\n  end of the log:"
      for line in shown { text += "\n    | \(line)" }
      let total = log.lines.count
      if total > shown.count {
        text += "\n  \(total) lines in all: VerifierError.log.text has them, log level 2 adds each state"
      }
    }
    if log.isTruncated { text += "\n  the log was too long to be read whole" }
    return text
  }

  private static let shownLines = 8
}
