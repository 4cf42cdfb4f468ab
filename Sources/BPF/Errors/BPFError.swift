// SPDX-License-Identifier: Apache-2.0

import BPFSystem
public import SystemPackage

/// The one error type that the library's calls throw.
///
/// It says what failed (``code``), at what (``context``: "creating map blocked_addresses"), what the kernel answered
/// (``errno``), which kernel would have done it (``requiredKernel``) and what the reader can do about it (``hint``).
public struct BPFError: Error, Sendable {
  /// What went wrong, to switch over.
  public var code: Code

  /// What was being done, to which object, as a phrase without a final stop: `creating map blocked_addresses`.
  public var context: String

  /// The kernel's answer, where there was one.
  public var errno: Errno?

  /// What differs or was wrong, in more words than the code: "value size is 8, the map's is 16".
  public var detail: String?

  /// The first kernel version that can do what was asked for: "5.6".
  public var requiredKernel: String?

  /// What the reader can do.
  public var hint: String?

  /// The error that caused this one.
  public var underlying: (any Error)?

  /// Makes an error; a hint is chosen from the code and errno where none is given.
  public init(
    _ code: Code, _ context: String, errno: Errno? = nil, detail: String? = nil, requires requiredKernel: String? = nil,
    hint: String? = nil, underlying: (any Error)? = nil
  ) {
    self.code = code
    self.context = context
    self.errno = errno
    self.detail = detail
    self.requiredKernel = requiredKernel
    self.underlying = underlying
    self.hint = hint ?? Self.usualHint(code, errno)
  }

  /// Makes an error of a refused system call; the code follows from `errno`.
  public init(
    _ context: String, errno: Errno, detail: String? = nil, requires requiredKernel: String? = nil,
    hint: String? = nil
  ) {
    self.init(Code(errno), context, errno: errno, detail: detail, requires: requiredKernel, hint: hint)
  }

  /// The same error, met while doing something larger: `outer: context`.
  public func within(_ outer: String) -> BPFError {
    var copy = self
    copy.context = "\(outer): \(context)"
    return copy
  }
}

extension BPFError {
  /// The kinds of failure. An open set: later versions may add to it.
  public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    /// A system call failed in a way that has no code of its own; see ``BPFError/errno``.
    public static let system = Code(rawValue: "system call failed")
    /// The process lacks the privilege.
    public static let permission = Code(rawValue: "not permitted")
    /// The running kernel cannot do it; see ``BPFError/requiredKernel``.
    public static let unsupported = Code(rawValue: "not supported by this kernel")
    /// The key, map, program, file or name does not exist.
    public static let notFound = Code(rawValue: "not found")
    /// It exists already.
    public static let exists = Code(rawValue: "exists already")
    /// The map is full.
    public static let full = Code(rawValue: "full")
    /// An argument cannot be right whatever the kernel: a caller's mistake.
    public static let invalid = Code(rawValue: "invalid argument")
    /// A path, descriptor or name stands for another kind of object than the one asked for.
    public static let wrongKind = Code(rawValue: "another kind of object")
    /// A layout does not have the size that the kernel's object has.
    public static let sizeMismatch = Code(rawValue: "size mismatch")
    /// An existing map has other parameters than the ones asked for.
    public static let mapMismatch = Code(rawValue: "incompatible map")
    /// The verifier rejected a program.
    public static let verifier = Code(rawValue: "rejected by the verifier")
    /// A relocation could not be resolved.
    public static let relocation = Code(rawValue: "relocation failed")
    /// An object file is malformed or asks for something that is not supported.
    public static let object = Code(rawValue: "bad object")
    /// Type information is malformed or lacks a type.
    public static let types = Code(rawValue: "bad type information")
    /// Text or JSON does not fit the type that it is to be encoded as.
    public static let encoding = Code(rawValue: "cannot be encoded")
    /// What was read kept changing underneath.
    public static let unsettled = Code(rawValue: "kept changing")
    /// What was used has been closed, detached or destroyed.
    public static let closed = Code(rawValue: "closed")

    /// The code that an errno stands for.
    public init(_ errno: Errno) {
      switch errno {
      case .notPermitted, .permissionDenied: self = .permission
      case .noFunction, .notSupported, Self.kernelNotSupported: self = .unsupported
      case .noSuchFileOrDirectory, .noSuchProcess: self = .notFound
      case .fileExists: self = .exists
      case .argListTooLong: self = .full
      default: self = .system
      }
    }

    /// ENOTSUPP (524): the kernel's own, which reaches user space from bpf(2) although libc has no name for it.
    static let kernelNotSupported = Errno(rawValue: 524)
  }

  /// For calls that go through the kernel's ids, whoever's objects they are: CAP_BPF is not enough.
  static func hintForIDs(_ errno: Errno) -> String? {
    guard errno == .notPermitted else { return nil }
    return CurrentProcess.isRoot
      ? "opening by id needs CAP_SYS_ADMIN, which this process lacks" : "run as root: opening by id needs CAP_SYS_ADMIN"
  }

  private static func usualHint(_ code: Code, _ errno: Errno?) -> String? {
    switch (code, errno) {
    case (.permission, _) where CurrentProcess.isRoot:
      "this process is root already: it lacks a capability (as in a container), or the kernel is locked down"
    case (.permission, _): "run as root, or with CAP_BPF (and CAP_PERFMON, CAP_NET_ADMIN for what they guard)"
    case (_, Errno.noMemory?): "free memory, make the map smaller, or raise the memory control group's limit"
    case (_, Errno.tooManyOpenFiles?): "raise the limit on open files (ulimit -n)"
    case (.full, _): "raise the map's max_entries, or delete entries"
    default: nil
    }
  }
}

extension BPFError: CustomStringConvertible {
  public var description: String {
    var text = context
    if let detail {
      text += ": \(detail)"
    } else if let underlying {
      text += ": \(underlying)"
    } else if errno == nil || code != .system {
      text += ": \(code)"
    }
    if let errno { text += " (\(Self.describe(errno)))" }
    // A verifier's log has lines of its own.
    let separator = text.contains("\n") ? "\n  " : "; "
    if let requiredKernel { text += "\(separator)it needs Linux \(requiredKernel) or later" }
    if let hint { text += "\(separator)\(hint)" }
    return text
  }

  private static func describe(_ errno: Errno) -> String {
    errno == Code.kernelNotSupported ? "ENOTSUPP" : "\(errno)"
  }
}
