// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import SystemPackage

/// Hands one program to the kernel and turns a refusal into an error that explains itself.
struct ProgramLoader {
  /// What BPF_PROG_LOAD takes beside the instructions.
  var load: ProgramLoad
  var type: ProgramType
  var attachType: AttachType?
  var instructions: [Instruction]
  /// Bits: 1 each state at branches, 2 every state, 4 statistics. With 0 a log is made only when the load fails.
  var logLevel: UInt32 = 0
  /// The name in full; `load.name` is cut by the kernel.
  var name: String
  var spec: ProgramSpec?

  /// Kernels before 5.18 or so refuse a log buffer of 16 MiB or more.
  static let largestLog = (16 << 20) - 1
  private static let firstLog = 64 << 10

  /// Loads the program.
  ///
  /// - Parameters:
  ///   - locate: gives the source line of an instruction.
  ///   - explain: puts a poisoned call in words.
  func callAsFunction(
    locate: (Int) -> String? = { _ in nil }, explain: (Int, Poison.Meaning) -> String? = { _, _ in nil }
  ) throws(BPFError) -> Program {
    var refusal: Errno?
    if logLevel == 0 {
      do { return program(try attempt(), nil) } catch { refusal = error }
    }
    var log: KernelLog? = KernelLog(level: logLevel == 0 ? 1 : logLevel, capacity: Self.firstLog)
    while true {
      do {
        let descriptor = try attempt(&log)
        return program(descriptor, log.map { VerifierLog(buffer: $0.bytes, isTruncated: false) })
      } catch {
        guard error == .noSpace, let size = log?.capacity else {
          // Statistics alone do not say where the verifier stopped.
          if logLevel & 3 == 0, logLevel != 0 { return try explained(locate, explain) }
          throw failure(error, log, locate, explain)
        }
        guard size == Self.largestLog else {
          let needed = (log?.requiredCapacity ?? 0) + 1
          log?.capacity = min(max(size * 4, needed), Self.largestLog)
          continue
        }
      }
      // The log does not fit, and that hid what came of the program; an attempt without a log tells.
      if refusal == nil {
        do {
          return program(try attempt(), log.map { VerifierLog(buffer: $0.bytes, isTruncated: true) })
        } catch { refusal = error }
      }
      throw failure(refusal ?? .noSpace, log, isTruncated: true, locate, explain)
    }
  }

  /// The same with a log of the instructions.
  private func explained(
    _ locate: (Int) -> String?, _ explain: (Int, Poison.Meaning) -> String?
  ) throws(BPFError) -> Program {
    var loader = self
    loader.logLevel |= 1
    return try loader(locate: locate, explain: explain)
  }

  private func attempt() throws(Errno) -> Descriptor {
    try BPFCall.loadProgram(load, instructions: instructions.span.bytes)
  }

  private func attempt(_ log: inout KernelLog?) throws(Errno) -> Descriptor {
    try BPFCall.loadProgram(load, instructions: instructions.span.bytes, log: &log)
  }

  private func program(_ descriptor: consuming Descriptor, _ log: VerifierLog?) -> Program {
    Program(descriptor, name: name, type: type, attachType: attachType, spec: spec, log: log)
  }

  private func failure(
    _ errno: Errno, _ log: KernelLog?, isTruncated: Bool = false, _ locate: (Int) -> String?,
    _ explain: (Int, Poison.Meaning) -> String?
  ) -> BPFError {
    let context = "loading program \(name)"
    let log = VerifierLog(buffer: log?.bytes ?? [], isTruncated: isTruncated).explainingPoison(explain)
    guard log.lastLines(1).isEmpty else {
      let error = VerifierError(program: name, errno: errno, log: log, locate: locate)
      let needed = error.missingHelpers.compactMap(\.minimumKernel).max().map { "\($0)" }
      return BPFError(.verifier, context, requires: needed ?? requirement(errno), underlying: error)
    }
    return BPFError(context, errno: errno, detail: silentReason(errno), requires: requirement(errno), hint: hint(errno))
  }

  /// The kernel that first had programs of this kind, where the running one is older.
  private func requirement(_ errno: Errno) -> String? {
    guard errno == .invalidArgument else { return nil }
    let kinds = [spec?.sectionKind?.minimumKernel ?? attachType?.minimumKernel, type.minimumKernel]
    let needed = kinds.compactMap { $0 }.filter { !Features.isRunning($0) }.max()
    return needed.map { "\($0)" }
  }

  /// What a refusal without a log means.
  private func silentReason(_ errno: Errno) -> String? {
    let kind = attachType.map { "\(type) program of attach type \($0)" } ?? "\(type) program"
    return switch errno {
    case .notPermitted, .permissionDenied: "the kernel does not permit to load a \(kind)"
    case .invalidArgument: "the kernel does not know a \(kind), or not with these attributes"
    case .argListTooLong: "the program is too long, or has attributes that this kernel does not know"
    default: nil
    }
  }

  private func hint(_ errno: Errno) -> String? {
    switch errno {
    case .notPermitted, .permissionDenied:
      "run as root, or with CAP_BPF and CAP_PERFMON (tracing) or CAP_NET_ADMIN (network); if that is so already, the "
        + "kernel is locked down (/sys/kernel/security/lockdown) or forbids this type of program"
    case .invalidArgument: "see which types of program there are with `merops features`"
    default: nil
    }
  }
}
