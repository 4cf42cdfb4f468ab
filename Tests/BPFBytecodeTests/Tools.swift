// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Runs a tool and returns what it wrote to its standard output (and error, if `errors`); throws if it cannot be run or
/// fails.
func output(of tool: String, _ arguments: String..., errors: Bool = false) throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: tool)
  process.arguments = arguments
  let output = Pipe()
  process.standardOutput = output
  if errors { process.standardError = output } else { process.standardError = FileHandle.nullDevice }
  try process.run()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { throw ToolFailure(tool: tool, output: text) }
  return text
}

struct ToolFailure: Error {
  var tool: String
  var output: String
}

/// Runs `body` with a new directory, and removes it.
func withTemporaryDirectory<T>(_ body: (String) throws -> T) throws -> T {
  let path = NSTemporaryDirectory() + "merops-" + UUID().uuidString
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

/// The first of these files that exists.
func firstExisting(_ paths: String...) -> String? { paths.first { FileManager.default.isExecutableFile(atPath: $0) } }
