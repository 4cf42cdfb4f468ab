// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFBytecode
import BPFObject
import Glibc
public import MeropsPolicy
import Synchronization

/// How the kernel asks a program at a hook.
public enum HookMethod: String, Sendable, CaseIterable {
  /// Socket addresses, by cgroup.
  case cgroup
  /// Where something has happened already.
  case tracepoint
  /// As a security module: `bpf` is in the kernel's list of them (`lsm=` on its command line).
  case lsm
  /// By the result of the function that asks the security modules: on a kernel without `bpf` in that list, too.
  case modifiedReturn = "fmod_ret"
}

extension PolicyHook {
  /// How the running kernel asks programs at the hook: found by trying, once.
  ///
  /// - Returns: nil, and why, where it does not.
  public var runningMethod: (method: HookMethod?, refusal: String) { SecurityMethods.running.method(of: self) }
}

/// Which hooks of security modules the running kernel asks programs at, and how: found by trying.
///
/// What was found is remembered: a kernel does not change its mind.
final class SecurityMethods: Sendable {
  private struct State {
    var works: [HookMethod: String?] = [:]
    var found: [PolicyHook: (method: HookMethod?, refusal: String)] = [:]
  }

  static let running = SecurityMethods()

  private let state = Mutex(State())

  /// How the kernel asks at a hook.
  ///
  /// - Returns: nil, and why, where it does not.
  func method(of hook: PolicyHook) -> (method: HookMethod?, refusal: String) {
    guard let security = hook.security else { return (hook.fields == nil ? .tracepoint : .cgroup, "") }
    return state.withLock { state in
      if let found = state.found[hook] { return found }
      var refusals: [String] = []
      for method in [HookMethod.lsm, .modifiedReturn] {
        if state.works[method] == nil { state.works[method] = .some(Self.trial(method)) }
        if let refusal = state.works[method] ?? nil {
          refusals.append("\(method.rawValue): \(refusal)")
          continue
        }
        do {
          _ = try Self.program(method, security, [.move(.r0, 0), .exit]).load()
          state.found[hook] = (method, "")
          return (method, "")
        } catch {
          refusals.append("\(method.rawValue): \(Self.reason(error))")
        }
      }
      let result: (HookMethod?, String) = (nil, refusals.joined(separator: "; "))
      state.found[hook] = result
      return result
    }
  }

  static func program(
    _ method: HookMethod, _ hook: SecurityHook?, _ instructions: [Instruction]
  ) throws -> PreparedProgram {
    guard let hook else { throw EnforcementError("This is no hook of security modules.") }
    var program = PreparedProgram(
      method == .lsm ? .lsm : .tracing, name: "policy_trial", instructions: instructions)
    let type: AttachType = method == .lsm ? .lsmMAC : .modifyReturn
    program.attachType = type
    program.attachTypeID =
      try KernelTypes.current().attachTarget(named: method == .lsm ? hook.name : hook.function, for: type).id
    return program
  }

  /// Lets a program count this process's calls of bpf(2), and makes one: a kernel without `bpf` in its list takes such programs,
  /// and never runs them.
  ///
  /// - Returns: why it does not work; nil if it does.
  private static func trial(_ method: HookMethod) -> String? {
    do {
      let count = try AnyMap(
        creating: MapParameters(.array, name: "policy_trial", keySize: 4, valueSize: 8, maxEntries: 1))
      var code = Assembler()
      let other = code.makeLabel("other")
      code.emit(.call(.getCurrentPIDTGID), .arithmetic(.shiftRight, .r0, 32))
      code.jump(to: other, if: .r0, .notEqual, .immediate(getpid()))
      code.emit(
        Instruction.loadWide(.r1, UInt64(UInt32(bitPattern: count.fd)), source: PseudoSource.mapValue))
      code.emit(.move(.r2, 1), .atomic(.add, .r2, at: .r1, size: .doubleWord))
      code.place(other)
      code.emit(.move(.r0, 0), .exit)
      let program = try program(method, PolicyHook.bpfLoad.security, code.finish()).load()
      let links = LinkSet()
      links.keep(try program.attach(to: .typed()), as: "trial")
      var (key, value) = (UInt32(0), UInt64(0))
      // The call that reads the count is counted before it reads.
      _ = try withUnsafeMutableBytes(of: &value) { bytes in
        try bytes.baseAddress.map { try count.rawGet(&key, into: $0) }
      }
      links.removeAll()
      return value > 0 ? nil : "the kernel does not ask programs (`bpf` is not in its `lsm=` list)"
    } catch {
      return reason(error)
    }
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? BPFError else { return "\(error)" }
    let cause = (error.underlying as? VerifierError)?.cause
    return error.detail ?? cause ?? error.errno.map { "\($0)" } ?? "\(error.code)"
  }
}
