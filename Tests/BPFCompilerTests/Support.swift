// SPDX-License-Identifier: Apache-2.0

import BPFCompiler
import Foundation
import Synchronization
import TestSupport

/// Where this checkout is.
enum Checkout {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  static let mistakes = "\(root)/Tests/BPFCompilerTests/Mistakes"

  /// A compiler as users have it, with the kernel-side module of this checkout.
  static func compiler() throws -> ProbeCompiler {
    // A guest of Tests/VM sees this machine's files, read-only: it has what was compiled here.
    let cache = access("\(root)/.build", W_OK) == 0 ? "\(root)/.build/kernel-side" : NSTemporaryDirectory()
    return ProbeCompiler(toolchain: try Toolchain.find(), kernelSide: "\(root)/Sources", cache: cache)
  }
}

/// A folder that is removed at the end.
func withTemporaryFolder<T>(_ name: String = "probe", _ body: (String) throws -> T) throws -> T {
  let base = FileManager.default.temporaryDirectory.appending(path: "merops-test-\(UUID().uuidString)")
  let path = base.appending(path: name).path
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: base) }
  return try body(path)
}

/// Probes from their text, each compiled once.
enum Built {
  private static let results = Mutex<[String: [UInt8]]>([:])

  /// What becomes of a probe's text.
  static func object(
    _ source: String, cpu: String = "v2", stage: ProbeCompiler.Stage = .object
  ) throws -> [UInt8] {
    let key = "\(cpu) \(stage) \(source)"
    if let result = results.withLock({ $0[key] }) { return result }
    let result = try withTemporaryFolder { folder in
      try source.write(toFile: "\(folder)/probe.bpf.swift", atomically: true, encoding: .utf8)
      var compiler = try Checkout.compiler()
      compiler.cpu = cpu
      return try compiler.compile("\(folder)/probe.bpf.swift", root: folder, stage: stage)
    }
    results.withLock { $0[key] = result }
    return result
  }

  static func text(_ source: String, stage: ProbeCompiler.Stage) throws -> String {
    String(decoding: try object(source, stage: stage), as: UTF8.self)
  }

  /// Calls `body` with a file that holds the object.
  static func withFile<T>(_ source: String, cpu: String = "v2", _ body: (String) throws -> T) throws -> T {
    let bytes = try object(source, cpu: cpu)
    return try withTemporaryFolder { folder in
      let path = "\(folder)/probe.bpf.o"
      try Data(bytes).write(to: URL(filePath: path))
      return try body(path)
    }
  }
}

/// A probe around some declarations: one XDP program.
func probe(_ declarations: String, body: String = "") -> String {
  """
  import BPFKernel

  let license = License.gpl
  \(declarations)

  @section("xdp")
  func filter(_ context: XDPContext) -> XDPAction {
    \(body)
    return .pass
  }
  """
}
