// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import Testing

struct ReferenceTests {
  /// docs/events.md is written by `MEROPS_WRITE=1 swift test --package-path Agent --filter ReferenceTests`.
  @Test func theDocumentIsTheTable() throws {
    let file = URL(filePath: #filePath).appending(path: "../../../../docs/events.md").standardized
    if ProcessInfo.processInfo.environment["MEROPS_WRITE"] != nil {
      try Data(EventReference.markdown().utf8).write(to: file)
    }
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text == EventReference.markdown(), "docs/events.md is old: run MEROPS_WRITE=1 with this test")
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
