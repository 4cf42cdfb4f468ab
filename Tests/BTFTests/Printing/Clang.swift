// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFText
import Foundation
import TestSupport
import Testing

/// The C compiler that judges what is printed.
enum Clang {
  /// `MEROPS_CLANG`, or the first clang on the path.
  static let path: String? = {
    let environment = ProcessInfo.processInfo.environment
    if let chosen = environment["MEROPS_CLANG"] { return chosen }
    return (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/clang" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  static var isMissing: Bool { path == nil }

  struct Failure: Error, CustomStringConvertible { let description: String }

  /// Compiles C for BPF, warnings being errors; the object file.
  @discardableResult
  static func compile(_ source: String, _ options: [String] = []) throws -> [UInt8] {
    let clang = try #require(path)
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("c-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    let (input, output) = (directory.appendingPathComponent("input.c"), directory.appendingPathComponent("output.o"))
    try Data(source.utf8).write(to: input)
    let result = try Shell.run(
      [clang, "-target", "bpf", "-g", "-O1", "-Werror", "-c", input.path, "-o", output.path] + options)
    guard result.status == 0 else { throw Failure(description: String(result.output.prefix(4000))) }
    return [UInt8](try Data(contentsOf: output))
  }

  /// The types of a C source.
  static func types(of source: String) throws -> BTFTypes {
    try BTFTypes(bytes: try #require(try Input.section(".BTF", of: try compile(source))))
  }
}

/// C that has the compiler check sizes and offsets against BTF.
enum LayoutAssertions {
  /// One assertion per named struct and union, and one per member that is no bit field.
  static func source(_ types: BTFTypes, names: [TypeID: String]) throws -> (text: String, count: Int) {
    var lines: [String] = []
    for (id, name) in names.sorted(by: { $0.key < $1.key }) {
      guard let composite = try types.type(id).composite else { continue }
      let tag = "\(types.kind(id) == .union ? "union" : "struct") \(name)"
      lines.append("_Static_assert(sizeof(\(tag)) == \(composite.size), \"size\");")
      try members(of: composite, at: 0, tag, types, &lines)
    }
    return (lines.joined(separator: "\n") + "\n", lines.count)
  }

  private static func members(
    of composite: BTFComposite, at base: Int, _ tag: String, _ types: BTFTypes, _ lines: inout [String]
  ) throws {
    for member in composite.members where !member.isBitField {
      let offset = base + member.bitOffset / 8
      if !member.name.isEmpty {
        lines.append("_Static_assert(__builtin_offsetof(\(tag), \(member.name)) == \(offset), \"\(member.name)\");")
      } else if let inner = try types.type(types.resolved(member.type)).composite {
        try members(of: inner, at: offset, tag, types, &lines)
      }
    }
  }
}
