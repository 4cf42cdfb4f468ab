// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What a file sees that imports the library: from the modules that were built with these tests.
@Suite struct FrontDoorTests {
  /// A name for each idea, and no more than a reader can look through.
  @Test func namesAreFew() throws {
    let names = try Modules.names(of: "BPF") + Modules.reexports.map(\.name)
    #expect(names.count <= 100, "\(names.count) top-level names: \(names.sorted().joined(separator: " "))")
    #expect(Set(names).count == names.count)
  }

  /// Modules are never passed on as a whole: each name that is, is chosen.
  @Test func nothingIsPassedOnByAccident() throws {
    for line in try Modules.exports where line.hasPrefix("@_exported") {
      #expect(line.wholeMatch(of: Modules.scopedExport) != nil, "\(line)")
    }
    for export in try Modules.reexports {
      #expect(try Modules.names(of: export.module).contains(export.name), "\(export)")
    }
  }

  /// System calls are the library's own business.
  @Test func layerOfSystemCallsIsHidden() throws {
    #expect(try Modules.names(of: "BPFSystem") == [])
  }

  /// Nothing is added to types of the standard library or of Foundation.
  @Test func standardTypesStayAsTheyAre() throws {
    for module in ["Swift", "_Concurrency", "Synchronization", "Foundation", "FoundationEssentials", "Glibc"] {
      #expect(try Modules.extensions(of: module, in: "BPF") == [], "\(module)")
    }
  }

  /// Both sides of the kernel, Foundation and Synchronization in one file: each name means one thing.
  @Test func nothingIsAmbiguous() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "merops-names-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let names = try Set(Modules.types(of: "BPF") + Modules.types(of: "BPFKernel") + Modules.reexports.map(\.name))
    #expect(names.count > 100)
    let source = folder.appending(path: "Names.swift")
    let imports = "import BPF\nimport BPFKernel\nimport Foundation\nimport Synchronization\n\n"
    let uses = names.sorted().enumerated().map { "typealias Name\($0) = \($1)\n" }.joined()
    try (imports + uses).write(to: source, atomically: true, encoding: .utf8)
    let (status, output) = try Modules.run("swiftc", ["-typecheck", source.path] + Modules.flags)
    #expect(status == 0, "\(output)")
  }
}

/// The modules that were built.
private enum Modules {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let build = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()

  /// What finds them and the C modules beneath.
  static let flags: [String] = {
    var flags = ["-I", build.appending(path: "Modules").path]
    for map in ["CBPF.build/module.modulemap"] {
      flags += ["-Xcc", "-fmodule-map-file=\(build.appending(path: map).path)"]
    }
    for folder in ["Sources/CBPFKernel/include", ".build/checkouts/swift-system/Sources/CSystem/include"] {
      flags += ["-I", root.appending(path: folder).path]
    }
    return flags
  }()

  /// `@_exported public import struct BPFObject.MapType`
  static var scopedExport: Regex<(Substring, Substring, Substring)> {
    /@_exported public import (?:struct|enum|class|protocol|typealias) (\w+)\.(\w+)/
  }

  static var exports: [String] {
    get throws {
      try String(contentsOf: root.appending(path: "Sources/BPF/Exports.swift"), encoding: .utf8)
        .split(separator: "\n").map(String.init)
    }
  }

  static var reexports: [(module: String, name: String)] {
    get throws {
      try exports.compactMap { line in
        line.wholeMatch(of: scopedExport).map { (String($0.1), String($0.2)) }
      }
    }
  }

  /// The public top-level names of a module.
  static func names(of module: String) throws -> [String] {
    try symbols("\(module).symbols.json", in: module).filter { $0.pathComponents.count == 1 }.map {
      $0.pathComponents[0]
    }
  }

  /// Those of its types and protocols.
  static func types(of module: String) throws -> [String] {
    let kinds = ["swift.struct", "swift.class", "swift.enum", "swift.protocol", "swift.typealias"]
    return try symbols("\(module).symbols.json", in: module)
      .filter { $0.pathComponents.count == 1 && kinds.contains($0.kind.identifier) }.map { $0.pathComponents[0] }
  }

  /// What a module adds publicly to the types of another.
  static func extensions(of other: String, in module: String) throws -> [String] {
    try symbols("\(module)@\(other).symbols.json", in: module).map { $0.pathComponents.joined(separator: ".") }
  }

  private struct Graph: Decodable {
    struct Symbol: Decodable {
      struct Kind: Decodable { var identifier: String }
      var kind: Kind
      var pathComponents: [String]
    }
    var symbols: [Symbol]
  }

  private static func symbols(_ file: String, in module: String) throws -> [Graph.Symbol] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "merops-symbols-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (status, output) = try run(
      "swift-symbolgraph-extract",
      ["-module-name", module, "-target", target, "-output-dir", folder.path, "-minimum-access-level", "public"]
        + flags)
    try #require(status == 0, "\(output)")
    let path = folder.appending(path: file)
    guard FileManager.default.fileExists(atPath: path.path) else { return [] }
    return try JSONDecoder().decode(Graph.self, from: Data(contentsOf: path)).symbols
  }

  private static var target: String {
    #if arch(arm64)
      "aarch64-unknown-linux-gnu"
    #else
      "x86_64-unknown-linux-gnu"
    #endif
  }

  static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
  }
}
