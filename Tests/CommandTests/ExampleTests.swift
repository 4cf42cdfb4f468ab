// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The examples, run as a reader would run them.
@Suite(.requires(.root), .requires(.command("ping")), .requires(.command("ip"))) struct ExampleTests {
  @Test func trackerShowsItsOwnWorkload() throws {
    let result = try Shell.run([Command.path("execve-tracker"), "--seconds", "2", "--demo"])
    #expect(result.status == 0, "\(result.output)")
    #expect(result.output.contains("/bin/echo 'hello from merops'"), "\(result.output)")
    #expect(result.output.contains("calls by"), "\(result.output)")
  }

  /// The script checks each step itself and fails where packets pass or are lost against expectation.
  @Test func firewallBlocksAndAllows() throws {
    let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Examples/DynamicFirewall/demo.sh").path
    let result = try Shell.run(["sh", script, Command.path("dynamic-firewall")])
    #expect(result.status == 0, "\(result.output)")
    #expect(result.output.contains("== done"))
  }
}
