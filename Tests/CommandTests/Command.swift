// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestObjects
import TestSupport
import Testing

/// The programs that were built beside the tests.
enum Command {
  /// The folder of the test program.
  static let folder: String = {
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(filePath: program).deletingLastPathComponent().path
  }()

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// Runs `merops`; standard error stands in the output, too.
  static func merops(_ arguments: String...) throws -> Shell.Result {
    try Shell.run([path("merops")] + arguments)
  }

  /// What `merops` prints, which must succeed.
  static func text(_ arguments: String...) throws -> String { try Shell.check([path("merops")] + arguments) }

  /// What `merops ... --json` prints, read.
  static func json(_ arguments: String...) throws -> Any {
    let result = try Shell.run([path("merops")] + arguments + ["--json"], mergeErrors: false)
    guard result.status == 0 else { throw Shell.Failed(description: "\(arguments): status \(result.status)") }
    return try JSONSerialization.jsonObject(with: Data(result.output.utf8), options: .fragmentsAllowed)
  }
}

/// A directory of the test's own, removed with what is in it.
final class Scratch: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "merops-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes an object of the corpus.
  func object(_ name: String) throws -> String {
    let bytes = try #require(Objects.all.first { $0.name == name }).bytes()
    return try file("\(name).bpf.o", bytes)
  }

  /// Compiles a kernel program in C as a user would.
  func compiled(_ source: String) throws -> String {
    let output = "\(path)/\(URL(filePath: source).deletingPathExtension().lastPathComponent).o"
    let machine = try Shell.check("uname -m").trimmingCharacters(in: .whitespacesAndNewlines)
    try Shell.check([
      "clang", "-target", "bpfel", "-mcpu=v2", "-O2", "-g", "-I/usr/include/\(machine)-linux-gnu", "-c", source, "-o",
      output,
    ])
    return output
  }

  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    try Data(bytes).write(to: URL(filePath: file))
    return file
  }
}
