// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A program or library that clang makes of C for a test.
public final class CompiledFile {
  public let folder: String
  public var path: String { "\(folder)/made" }

  /// - Parameters:
  ///   - sources: C files by name; others are there for options to name (`FOLDER/NAME`).
  ///   - options: `FOLDER` is where the files are.
  public init(_ sources: [String: String], _ options: [String]) throws {
    folder = FileManager.default.temporaryDirectory.path + "/merops-compiled-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, text) in sources { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)")) }
    let files = sources.keys.filter { $0.hasSuffix(".c") }.sorted().map { "\(folder)/\($0)" }
    do {
      try Shell.check(
        ["clang", "-O1", "-o", path] + options.map { $0.replacingOccurrences(of: "FOLDER", with: folder) } + files)
    } catch {
      try? FileManager.default.removeItem(atPath: folder)
      throw error
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }
}
