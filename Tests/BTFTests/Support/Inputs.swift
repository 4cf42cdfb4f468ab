// SPDX-License-Identifier: Apache-2.0
import BPFELF
import BTF
import Foundation
import TestObjects
import TestSupport

/// BTF that tests read: this machine's kernel and the corpus.
enum Input {
  static let kernelPath = "/sys/kernel/btf/vmlinux"

  /// The running kernel's BTF, read once; nil where the kernel has none.
  static let kernelBytes: [UInt8]? = FileManager.default.contents(atPath: kernelPath).map { [UInt8]($0) }

  static let kernel: BTFTypes? = kernelBytes.flatMap { try? BTFTypes(bytes: $0) }

  static var hasKernel: Bool { kernel != nil }

  /// A section of a corpus object.
  static func section(_ name: String, of object: [UInt8]) throws -> [UInt8]? {
    let file = try ELFFile(bytes: object)
    return file.section(named: name).map { Array(file.bytes(of: $0)) }
  }

  /// Each corpus object that has BTF.
  static let objects: [(name: String, bytes: [UInt8], btf: [UInt8])] = Corpus.all.compactMap { entry in
    guard let btf = try? section(".BTF", of: entry.bytes) else { return nil }
    return (entry.name, entry.bytes, btf)
  }
}

/// A program of the system that is asked for a second opinion.
enum Tool {
  static let bpftool = find("bpftool")

  static func find(_ name: String) -> String? {
    ["/usr/sbin/", "/usr/bin/", "/usr/local/bin/", "/usr/local/sbin/"].map { $0 + name }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  struct Failure: Error { let text: String }

  /// Runs a program; its standard output.
  static func run(_ path: String, _ arguments: [String]) throws -> [UInt8] {
    let result = try Shell.run([path] + arguments, mergeErrors: false)
    guard result.status == 0 else {
      throw Failure(text: "\(path) \(arguments.joined(separator: " ")): status \(result.status)")
    }
    return [UInt8](result.output.utf8)
  }

  /// Calls `body` with the path of a file that holds `bytes` while it runs.
  static func withFile<R>(_ bytes: [UInt8], _ body: (String) throws -> R) throws -> R {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("btf-\(UUID().uuidString)")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
  }
}
