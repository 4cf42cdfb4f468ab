// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFBytecode

/// Whether the kernel lets programs watch its own functions (fentry, fexit).
///
/// It is asked once, by a program of two instructions: an object that is refused has cost most of what loading it takes.
struct FunctionHooks: Sendable {
  /// Why not, in a few words; nil if it does.
  let refusal: String?

  init() {
    do {
      guard let function = try KernelTypes.current().vmlinux.id(named: "security_file_open", kind: .function) else {
        refusal = "its types have no functions"
        return
      }
      var program = PreparedProgram(.tracing, name: "hooks", instructions: [.move(.r0, 0), .exit])
      program.attachType = .traceFentry
      program.attachTypeID = function
      _ = try program.load()
      refusal = nil
    } catch {
      refusal = error.reason
    }
  }
}

extension Error {
  /// Why something failed, in a few words: what was tried is said already.
  var reason: String {
    guard let error = self as? BPFError else { return "\(self)" }
    return error.errno.map { "\($0)" } ?? error.detail ?? "\(error.code)"
  }
}
