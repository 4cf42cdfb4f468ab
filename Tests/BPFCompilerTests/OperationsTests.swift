// SPDX-License-Identifier: Apache-2.0

import BPFObject
import TestSupport
import Testing

@testable import BPFCompiler

/// Tables of operations: kernel structures whose functions are programs.
@Suite(.requires(.kernelBTF)) struct OperationsTests {
  private func source(_ declarations: String) -> String {
    "import BPFKernel\nlet license = License.gpl\n\(declarations)\n"
  }

  private func operation(_ name: String, section: String = "struct_ops", of operation: String = "ssthresh") -> String {
    "@section(\"\(section)\") func \(name)(_ call: StructOps.tcp_congestion_ops.\(operation)) -> UInt32 { 2 }"
  }

  private func table(_ name: String, _ values: String = "") -> String {
    "var \(name) = StructOps.tcp_congestion_ops.Table(\(values))"
  }

  private func maps(_ declarations: String...) throws -> [MapSpec] {
    try ObjectSpec(bytes: try Built.object(source(declarations.joined(separator: "\n")))).maps
      .filter { $0.type == .structOps }
  }

  @Test func theValuesAreThere() throws {
    let map = try #require(try maps(table("some", "flags: 2, name: \"a\\\"b\\\\\\u{e9}\""), operation("first")).first)
    guard case .bytes(let contents) = map.contents else {
      Issue.record("no contents")
      return
    }
    let text = Array("a\"b\\\u{e9}".utf8)
    #expect(
      contents == [UInt8](repeating: 0, count: 8) + [2, 0, 0, 0] + text
        + [UInt8](repeating: 0, count: 16 - text.count) + [0, 0, 0, 0])
    #expect(map.valueSize == 32)
  }

  @Test func aTextOfOneCharacter() throws {
    let map = try #require(try maps(table("some", "name: \"a\""), operation("first")).first)
    guard case .bytes(let contents) = map.contents else {
      Issue.record("no contents")
      return
    }
    #expect(contents == [UInt8](repeating: 0, count: 8) + [97] + [UInt8](repeating: 0, count: 15))
  }

  @Test func aTableNeedsNoValues() throws {
    let map = try #require(try maps(table("some"), operation("first"), operation("second", of: "undo_cwnd")).first)
    #expect(map.operations.map(\.program) == ["first", "second"])
    #expect(map.valueSize == 16)
  }

  /// A program serves each table of its type, unless its section names one.
  @Test func aSectionNamesTheTable() throws {
    let maps = try maps(
      table("one"), table("two"), operation("first", section: "struct_ops/one"),
      operation("second", section: "struct_ops/two"), operation("both", section: "struct_ops/both", of: "undo_cwnd"))
    let found = Dictionary(uniqueKeysWithValues: maps.map { ($0.name, $0.operations.map(\.program)) })
    #expect(found == ["one": ["first", "both"], "two": ["second", "both"]])
  }

  @Test func mistakesAreShown() throws {
    let cases: [(declarations: [String], line: Int, message: String)] = [
      ([operation("first")], 3, "`first` is an operation of tcp_congestion_ops, but nothing registers it"),
      ([table("some"), operation("first"), operation("second")], 3, "two programs are its `ssthresh`"),
      ([operation("first"), table("some", "name: \"sixteen letters.\"")], 4, "`name` has room for 15 bytes"),
      (
        [table("some"), "@section(\"xdp\") func f(_ c: XDPContext) -> XDPAction { .pass }"], 3, "no program is an oper"
      ),
    ]
    for (declarations, line, message) in cases {
      let error = #expect(throws: CompileError.self) { try maps(declarations.joined(separator: "\n")) }
      let told = error?.diagnostics.first
      #expect(told?.location?.line == line, "\(String(describing: error))")
      #expect(told?.message.contains(message) ?? false, "\(String(describing: error))")
    }
  }
}
