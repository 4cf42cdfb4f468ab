// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import SystemPackage

extension PreparedProgram {
  /// Kernels before 5.18 or so refuse a log buffer of 16 MiB or more.
  static let largestLog = (16 << 20) - 1
  private static let firstLog = 64 << 10

  /// Hands the program to the kernel, and turns a refusal into an error that explains itself.
  ///
  /// - Parameter logLevel: bits: 1 each state at branches, 2 every state, 4 statistics. With 0 a log is made only when the
  ///   kernel refuses the program.
  /// - Throws: `BPFError` of code `.verifier`, or `.unsupported` where a newer kernel has the helper that is missing, with a
  ///   ``VerifierError`` beneath.
  public func load(logLevel: UInt32 = 0) throws(BPFError) -> Program {
    guard logLevel <= 7 else {
      throw BPFError(
        .invalid, "loading program \(name)", detail: "\(logLevel) is not a log level",
        hint: "use 1, 2 or 4, or the sum of some of them")
    }
    return try withExtendedLifetime(jumpTables) { () throws(BPFError) in try load(record, logLevel) }
  }

  private func load(_ record: ProgramLoad, _ level: UInt32) throws(BPFError) -> Program {
    var refusal: Errno?
    if level == 0 {
      do { return program(try attempt(record), nil) } catch { refusal = error }
    }
    var log: KernelLog? = KernelLog(level: level == 0 ? 1 : level, capacity: Self.firstLog)
    while true {
      do {
        let descriptor = try BPFCall.loadProgram(record, instructions: instructions.span.bytes, log: &log)
        return program(descriptor, log.map { VerifierLog(buffer: $0.bytes, isTruncated: false) })
      } catch {
        guard error == .noSpace, let size = log?.capacity else {
          // Statistics alone do not say where the verifier stopped.
          if level & 3 == 0, level != 0 { return try load(record, level | 1) }
          throw failure(error, log)
        }
        guard size == Self.largestLog else {
          let needed = (log?.requiredCapacity ?? 0) + 1
          log?.capacity = min(max(size * 4, needed), Self.largestLog)
          continue
        }
      }
      // The log does not fit, and that hid what came of the program; an attempt without a log shows it.
      if refusal == nil {
        do {
          return program(try attempt(record), log.map { VerifierLog(buffer: $0.bytes, isTruncated: true) })
        } catch { refusal = error }
      }
      throw failure(refusal ?? .noSpace, log, isTruncated: true)
    }
  }

  private func attempt(_ record: ProgramLoad) throws(Errno) -> Descriptor {
    try BPFCall.loadProgram(record, instructions: instructions.span.bytes)
  }

  private func program(_ descriptor: consuming Descriptor, _ log: VerifierLog?) -> Program {
    Program(descriptor, name: name, type: type, attachType: attachType, spec: spec, log: log)
  }

  private func failure(_ errno: Errno, _ log: KernelLog?, isTruncated: Bool = false) -> BPFError {
    let context = "loading program \(name)"
    let log = VerifierLog(buffer: log?.bytes ?? [], isTruncated: isTruncated).explainingPoison(explain)
    guard log.lastLines(1).isEmpty else {
      let error = VerifierError(program: name, errno: errno, log: log, locate: source(of:))
      let needed =
        Self.newest((log.missingHelpers + log.refusedHelpers).map { $0.minimumKernel(in: type, attachType) })
        ?? requirement(errno)
      return BPFError(needed == nil ? .verifier : .unsupported, context, requires: needed, underlying: error)
    }
    let needed = requirement(errno)
    return BPFError(
      needed == nil ? .init(errno) : .unsupported, context, errno: errno, detail: silentReason(errno), requires: needed,
      hint: hint(errno))
  }

  /// The newest of the kernels that are newer than the running one.
  private static func newest(_ kernels: [KernelVersion?]) -> String? {
    kernels.compactMap { $0 }.filter { !Features.isRunning($0) }.max().map { "\($0)" }
  }

  /// The kernel that first had programs of this kind, where the running one is older.
  private func requirement(_ errno: Errno) -> String? {
    guard errno == .invalidArgument else { return nil }
    return Self.newest([
      spec?.sectionKind?.minimumKernel ?? attachType?.minimumKernel, type.minimumKernel,
      flags.contains(.xdpDeviceBound) ? KernelVersion(6, 3) : nil,
      flags.contains(.xdpFragments) ? KernelVersion(5, 18) : nil,
    ])
  }

  /// What a refusal without a log means.
  private func silentReason(_ errno: Errno) -> String? {
    let kind = "\(type) programs" + (attachType.map { " of attach type \($0)" } ?? "")
    return switch errno {
    case .notPermitted, .permissionDenied: "the kernel does not allow loading \(kind)"
    case .invalidArgument: "the kernel does not know \(kind), or not with these attributes"
    case .argListTooLong: "the program is too long, or has attributes that this kernel does not know"
    default: nil
    }
  }

  private func hint(_ errno: Errno) -> String? {
    switch errno {
    case .notPermitted, .permissionDenied:
      CurrentProcess.isRoot
        ? "the kernel may be locked down (/sys/kernel/security/lockdown), or forbid this program type to everybody"
        : "run as root, or with CAP_BPF and CAP_PERFMON (tracing) or CAP_NET_ADMIN (network)"
    case .invalidArgument: "`merops features` lists the program types that this kernel has"
    default: nil
    }
  }
}

extension Helper {
  /// The first kernel where programs of a kind can call the helper: some came to a kind later.
  fileprivate func minimumKernel(in type: ProgramType, _ attachType: AttachType?) -> KernelVersion? {
    switch (self, type, attachType) {
    case (.getAttachCookie, .rawTracepoint, _), (.getAttachCookie, .tracing, .traceRawTP?): KernelVersion(6, 10)
    case (.getAttachCookie, .tracing, _): KernelVersion(5, 19)
    default: minimumKernel
    }
  }
}
