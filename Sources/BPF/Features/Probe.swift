// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import SystemPackage

/// A program of a few instructions, loaded to see what the kernel says.
struct Probe {
  var load: ProgramLoad
  var instructions: [Instruction]

  /// - Parameter instructions: by default, `return 0`.
  init(_ type: ProgramType, attachType: AttachType? = nil, _ instructions: [Instruction] = Probe.returnZero) {
    load = ProgramLoad(type: type.rawValue)
    load.expectedAttachType = attachType?.rawValue ?? 0
    self.instructions = instructions
  }

  static let returnZero: [Instruction] = [.move(.r0, 0), .exit]

  /// What came of it: no errno when it was accepted.
  struct Outcome {
    var errno: Errno?
    var log: String

    var isAccepted: Bool { errno == nil }
  }

  /// Loads the program and unloads it again.
  func run() -> Outcome {
    var log: KernelLog? = KernelLog(level: 1, capacity: 16 << 10)
    do {
      _ = try BPFCall.loadProgram(load, instructions: instructions.span.bytes, log: &log)
      return Outcome(errno: nil, log: log?.text ?? "")
    } catch {
      // The log of a long program did not fit, which hides what came of the program.
      if error == .noSpace, (try? loaded()) != nil { return Outcome(errno: nil, log: log?.text ?? "") }
      return Outcome(errno: error, log: log?.text ?? "")
    }
  }

  /// Loads the program and keeps it.
  func loaded() throws(Errno) -> Descriptor {
    try BPFCall.loadProgram(load, instructions: instructions.span.bytes)
  }

  /// Throws unless this process may load programs at all: only then does a refusal say something about the kernel.
  static func checkPrivilege() throws(BPFError) {
    if let error = privilege { throw error }
  }

  private static let privilege: BPFError? = {
    let outcome = Probe(.socketFilter).run()
    guard let errno = outcome.errno, errno == .notPermitted || errno == .permissionDenied else { return nil }
    return BPFError("asking the kernel what it can do", errno: errno)
  }()
}
