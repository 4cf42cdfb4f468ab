// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import Testing

struct ReferenceTests {
  /// The documents are written by `MEROPS_WRITE=1 swift test --package-path Agent --filter ReferenceTests`.
  @Test(arguments: [
    ("events.md", EventReference.markdown()), ("events.schema.json", EventReference.jsonSchema() + "\n"),
  ]) func theDocumentIsTheTable(_ name: String, _ made: String) throws {
    let file = URL(filePath: #filePath).appending(path: "../../../../docs/\(name)").standardized
    if ProcessInfo.processInfo.environment["MEROPS_WRITE"] != nil { try Data(made.utf8).write(to: file) }
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text == made, "docs/\(name) is old: run MEROPS_WRITE=1 with this test")
  }

  @Test func eachFieldHasAFirstKernel() {
    for field in Field.allCases { #expect(EventReference.since(field).hasPrefix("5.")) }
  }

  @Test func theSchemaIsJSON() throws {
    let schema = try #require(
      try JSONSerialization.jsonObject(with: Data(EventReference.jsonSchema().utf8)) as? [String: Any])
    let properties = try #require(schema["properties"] as? [String: Any])
    for field in Field.allCases where field != .eventKind && field != .eventTime {
      #expect(properties[field.name] != nil)
    }
  }

  @Test func aFieldOfSomeKindsHasOne() {
    for kind in EventKind.allCases where kind.eventClass != .agent {
      #expect(!kind.definition.summary.isEmpty)
    }
    #expect(EventReference.fields(of: .processExit).contains(.exitCode))
    #expect(!EventReference.fields(of: .processExec).contains(.exitCode))
    #expect(EventReference.commonFields.contains(.processArguments))
  }
}
