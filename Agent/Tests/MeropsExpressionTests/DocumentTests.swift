// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsExpression
import Testing

struct DocumentTests {
  /// The examples of docs/agent.md are conditions.
  @Test func theExamplesAreRight() throws {
    let file = URL(filePath: #filePath).appending(path: "../../../../docs/agent.md").standardized
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    let examples = lines.drop { $0 != "```cel" }.dropFirst().prefix { $0 != "```" }
    #expect(examples.count >= 10)
    for example in examples { #expect(throws: Never.self) { try EventExpression(String(example)) } }
  }
}
