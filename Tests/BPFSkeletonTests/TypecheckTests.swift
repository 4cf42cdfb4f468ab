// SPDX-License-Identifier: Apache-2.0
import BPFObject
import BPFSkeleton
import BTF
import BTFText
import Foundation
import SwiftObjects
import TestObjects
import TestSupport
import Testing

/// Swift compiles the skeleton of every object there is.
@Suite(.requires(.command("swiftc"))) struct TypecheckTests {
  /// The folder of the test program, with the modules that were built.
  static let build: URL = {
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(filePath: program).deletingLastPathComponent()
  }()

  /// Compiles sources as one module, as far as types go.
  ///
  /// - Parameter strict: with the upcoming features of this package, otherwise as a package that asks for nothing.
  static func check(_ sources: [String: String], strict: Bool = true) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "skeletons-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in sources { try Data(text.utf8).write(to: folder.appending(path: "\(name).swift")) }
    let scratch = build.deletingLastPathComponent().deletingLastPathComponent()
    let maps = [
      build.appending(path: "CBPF.build/module.modulemap"),
      scratch.appending(path: "checkouts/swift-system/Sources/CSystem/include/module.modulemap"),
    ]
    let result = try Shell.run(
      [
        "swiftc", "-typecheck", "-package-name", "skeletons", "-swift-version", strict ? "6" : "5",
        "-warnings-as-errors", "-parse-as-library", "-module-name", "Skeletons", "-I",
        build.appending(path: "Modules").path,
      ]
        + (strict ? ["InternalImportsByDefault", "MemberImportVisibility", "ExistentialAny"] : []).flatMap {
          ["-enable-upcoming-feature", $0]
        } + maps.flatMap { ["-Xcc", "-fmodule-map-file=\($0.path)"] }
        + sources.keys.sorted().map { folder.appending(path: "\($0).swift").path })
    #expect(result.status == 0, "\(result.output.prefix(6000))")
  }

  /// An object's skeleton, under a name that no other has.
  static func source(
    _ bytes: [UInt8], _ name: String, _ number: Int, access: SwiftStyle.Access? = nil
  ) throws -> String {
    var source = SkeletonSource(try ObjectSpec(bytes: bytes, name: name))
    source.typeName = "Object\(number)"
    source.access = access ?? [.internal, .package, .public][number % 3]
    if number % 5 == 0 { source.object = .embedded(Array(bytes.prefix(100))) }
    let text = try source.text()
    #expect(try source.text() == text, "the same each time")
    return text
  }

  @Test("Every object of the corpus")
  func corpus() throws {
    var sources: [String: String] = [:]
    for (number, object) in TestObjects.Objects.all.enumerated() {
      sources["\(number)"] = try Self.source(object.bytes(), object.name, number)
    }
    #expect(sources.count > 70)
    try Self.check(sources)
  }

  @Test("Every object made from Swift")
  func swiftObjects() throws {
    var sources: [String: String] = [:]
    for (number, object) in SwiftObjects.Objects.all.enumerated() {
      sources["\(number)"] = try Self.source(object.bytes(), object.name, number)
    }
    #expect(sources.values.contains { $0.contains("RingReader<Object") })
    try Self.check(sources)

    // As the build plugin makes them, beside files that say `import BPF`.
    for (number, object) in SwiftObjects.Objects.all.enumerated() {
      sources["\(number)"] = try Self.source(object.bytes(), object.name, number, access: .internal)
    }
    try Self.check(sources, strict: false)
  }

  /// Objects of Debian packages that `Tests/Peers/setup` has unpacked.
  static let debianObjects: [String] = {
    let folder = URL(filePath: Peers.folder).appending(path: "objects")
    let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return files.filter { $0.hasSuffix(".o") }.sorted().map { folder.appending(path: $0).path }
  }()

  @Test("Debian's objects", .enabled(if: !debianObjects.isEmpty, "Tests/Peers/setup has not run"))
  func debian() throws {
    var sources: [String: String] = [:]
    var refused: [String] = []
    for (number, path) in Self.debianObjects.enumerated() {
      let name = URL(filePath: path).lastPathComponent
      do {
        sources["\(number)"] = try Self.source(
          Array(Data(contentsOf: URL(filePath: path))), String(name.prefix { $0 != "." }), number)
      } catch let error as ObjectError {
        refused.append("\(name): \(error)")
      }
    }
    // libbpf refuses these, too: maps in sections of an older form (opensnitch, ir-keytable), and parts of programs that
    // bpfilter links itself.
    let reasons = ["instructions cannot refer to what is in section", "no object file defines it here"]
    #expect(refused.allSatisfy { refusal in reasons.contains { refusal.contains($0) } }, "\(refused)")
    #expect(refused.count < 20)
    #expect(sources.count > 50)
    try Self.check(sources)
  }
}
