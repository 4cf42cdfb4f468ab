// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The compilers: those of one Swift toolchain, whose clang has a BPF back end.
public struct Toolchain: Sendable {
  public var swiftc: String
  public var clang: String

  public init(swiftc: String, clang: String) {
    self.swiftc = swiftc
    self.clang = clang
  }

  /// The toolchain of the `swiftc` in `PATH`.
  ///
  /// The environment's `MEROPS_SWIFTC` and `MEROPS_CLANG` name others.
  ///
  /// - Throws: `CompileError` if there is none.
  public static func find() throws(CompileError) -> Toolchain {
    let swiftc = try named("MEROPS_SWIFTC") ?? search("swiftc")
    guard let swiftc else {
      throw CompileError("no swiftc in PATH: install a Swift toolchain, or name one in MEROPS_SWIFTC")
    }
    if let clang = try named("MEROPS_CLANG") { return Toolchain(swiftc: swiftc, clang: clang) }
    let clang = "\(Files.resolved(swiftc).lastSlash.map { String($0) } ?? ".")/clang"
    guard access(clang, X_OK) == 0 else {
      throw CompileError("no clang beside \(swiftc): name one that compiles for BPF in MEROPS_CLANG")
    }
    return Toolchain(swiftc: swiftc, clang: clang)
  }

  /// The clang of that toolchain, or the one that `MEROPS_CLANG` names: then no Swift is needed.
  ///
  /// - Throws: `CompileError` if there is none.
  public static func findClang() throws(CompileError) -> String {
    if let clang = try named("MEROPS_CLANG") { return clang }
    return try find().clang
  }

  /// The compiler that a variable of the environment names.
  private static func named(_ variable: String) throws(CompileError) -> String? {
    guard let path = try Files.environment(variable) else { return nil }
    guard access(path, X_OK) == 0 else { throw CompileError("\(variable) names \(path): \(Files.reason)") }
    guard Files.isProgram(path) else { throw CompileError("\(variable) names \(path), which is not a program") }
    return path
  }

  private static func search(_ name: String) -> String? {
    // A folder whose name is not text is passed over.
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/\(name)" }.first { Files.isProgram($0) }
  }
}

extension String {
  /// What stands before the last slash.
  fileprivate var lastSlash: Substring? { lastIndex(of: "/").map { self[..<$0] } }
}
