// SPDX-License-Identifier: Apache-2.0
import Foundation

/// How the programs of a folder are built: the contents of its `bpf-build.json`.
///
/// - `cpu`: the instruction set, `v1` to `v4`. Without it, `v2`, which Linux 5.10 runs.
/// - `btf`: the kernel types that programs in Swift may name, a BTF file beside this one. Without it, those of the
///   running kernel.
struct BuildOptions {
  private var cpu: String?
  private var btf: URL?
  private var file: URL?

  /// - Throws: `InvalidOptions` if the file is there and is not understood.
  init(in folder: URL) throws {
    let file = folder.appending(path: "bpf-build.json")
    guard let data = try? Data(contentsOf: file) else { return }
    self.file = file
    guard let object = try? JSONSerialization.jsonObject(with: data), let options = object as? [String: Any] else {
      throw InvalidOptions(file: file.path, problem: "it is not an object of JSON")
    }
    for (key, value) in options.sorted(by: { $0.key < $1.key }) {
      guard let text = value as? String else {
        throw InvalidOptions(file: file.path, problem: "\"\(key)\" is not a text")
      }
      switch key {
      case "cpu" where ["v1", "v2", "v3", "v4"].contains(text): cpu = text
      case "cpu": throw InvalidOptions(file: file.path, problem: "\"cpu\" is not v1, v2, v3 or v4, but \"\(text)\"")
      case "btf":
        btf = text.hasPrefix("/") ? URL(filePath: text) : folder.appending(path: text)
        guard FileManager.default.fileExists(atPath: btf?.path ?? "") else {
          throw InvalidOptions(file: file.path, problem: "\"btf\" names \(text), which is not there")
        }
      default: throw InvalidOptions(file: file.path, problem: "\"\(key)\" is not an option; \"cpu\" and \"btf\" are")
      }
    }
  }

  /// The tool's arguments for a program.
  func arguments(isSwift: Bool) -> [String] {
    (cpu.map { ["--cpu", $0] } ?? []) + (isSwift ? btf.map { ["--btf", $0.path] } ?? [] : [])
  }

  /// Whatever makes a program be compiled again when it changes.
  var inputs: [URL] { [file, btf].compactMap { $0 } }
}

/// A `bpf-build.json` that is not understood.
struct InvalidOptions: Error, CustomStringConvertible {
  var file: String
  var problem: String

  var description: String { "\(file): \(problem)" }
}
