// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Names for the numbers that the kernel speaks in.
enum Names {
  /// What a system call's error means, in few words.
  static func error(_ number: UInt64) -> String {
    guard let number = CInt(exactly: number) else { return "error \(number)" }
    return switch number {
    case EPERM, EACCES: "not permitted"
    case ENOENT: "not found"
    case EEXIST: "exists already"
    case ECONNREFUSED: "refused"
    case ETIMEDOUT: "timed out"
    case EHOSTUNREACH, ENETUNREACH: "unreachable"
    case EINPROGRESS: "in progress"
    case ECONNRESET: "reset"
    default: strerror(number).map { String(cString: $0).lowercased() } ?? "error \(number)"
    }
  }

  /// `SIGTERM`.
  static func signal(_ number: UInt64) -> String {
    guard number < signals.count, !signals[Int(number)].isEmpty else {
      return (34...64).contains(number) ? "SIGRTMIN+\(number - 34)" : "signal \(number)"
    }
    return "SIG" + signals[Int(number)]
  }

  private static let signals = [
    "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
    "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
  ]

  /// `rwxr-xr-x`, with the letters of ls(1).
  static func mode(_ mode: UInt64) -> String {
    var text = ""
    for (shift, special, letter) in [(6, 0o4000, "s"), (3, 0o2000, "s"), (0, 0o1000, "t")] {
      let bits = mode >> UInt64(shift)
      text += bits & 4 != 0 ? "r" : "-"
      text += bits & 2 != 0 ? "w" : "-"
      switch (mode & UInt64(special) != 0, bits & 1 != 0) {
      case (false, let isExecutable): text += isExecutable ? "x" : "-"
      case (true, let isExecutable): text += isExecutable ? letter : letter.uppercased()
      }
    }
    return text
  }
}

/// Names of users, each asked for once.
public struct UserNames: Sendable {
  private var names: [UInt64: String] = [:]
  private let find: @Sendable (UInt32) -> String?

  /// - Parameter find: where a name comes from; the machine's own list of users if not given.
  public init(find: @escaping @Sendable (UInt32) -> String? = Self.system) { self.find = find }

  /// The user's name, or else the number.
  public mutating func callAsFunction(_ id: UInt64) -> String {
    if let name = names[id] { return name }
    let name = UInt32(exactly: id).flatMap(find) ?? "\(id)"
    // A program can take any number of ids: forget, instead of growing for ever.
    if names.count > 4096 { names = [:] }
    names[id] = name
    return name
  }

  public static let system: @Sendable (UInt32) -> String? = { id in
    var entry = passwd()
    var result: UnsafeMutablePointer<passwd>?
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
      guard getpwuid_r(id, &entry, buffer.baseAddress!, buffer.count, &result) == 0, result != nil else { return nil }
      return String(cString: entry.pw_name)
    }
  }
}
