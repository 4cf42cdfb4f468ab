// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import Testing

/// Plans that the kernel's verifier is asked about, in a cgroup that the test makes.
@Suite(.serialized, .enabled(if: geteuid() == 0 && cgroupMount != nil, "needs root and cgroup v2"))
struct PolicyVerifyTests {
  @Test func thePlanSaysWhatTheVerifierSays() async throws {
    try await PolicyLifeTests.Place.with { place in
      let daemon = try place.daemon()
      func plan(_ file: String, _ more: String...) throws -> (status: Int32, output: String) {
        var words = ["policy", "plan", file] + more
        if !more.contains("--offline") { words += ["--socket", daemon.socket] }
        return try place.run(words)
      }
      let first = try place.file("a.yaml", PolicyTests.policy("a", "127.0.0.66"))
      let (status, output) = try plan(first)
      #expect(status == 0 && output.contains("the kernel takes it; nothing was changed"), "\(output)")
      let verified = try Plan.decoder.decode(Plan.self, from: Data(try plan(first, "--json").output.utf8)).verified
      #expect(verified?.map(\.name) == ["cgroup/connect4", "cgroup/connect6", "cgroup/sendmsg4", "cgroup/sendmsg6"])
      for hook in try #require(verified) {
        #expect(hook.rules == 1 && hook.instructions > 10 && hook.memory > 0 && hook.milliseconds > 0)
        // 5.16 and later say it.
        #expect(hook.verifiedInstructions.map { $0 >= hook.instructions / 2 } ?? true)
      }
      // Nothing counts, and nothing stays in the kernel.
      #expect(try place.isAllowed("127.0.0.66"))
      #expect(try daemon.client.get("/v1/policies", as: PolicyReport.self).version == 0)
      let held = try Daemon.held(by: daemon.process.processIdentifier)
      _ = try plan(first)
      #expect(try Daemon.held(by: daemon.process.processIdentifier) == held)

      // A plan beside what counts, and the change after it.
      #expect(try place.run(["policy", "apply", first, "--socket", daemon.socket]).status == 0)
      let second = try place.file("b.yaml", PolicyTests.policy("b", "127.0.0.67"))
      let both = try Plan.decoder.decode(Plan.self, from: Data(try plan(second, "--json").output.utf8)).verified
      #expect(both?.first?.rules == 2)
      #expect(try !place.isAllowed("127.0.0.66") && place.isAllowed("127.0.0.67"))
      #expect(try place.run(["policy", "apply", second, "--socket", daemon.socket]).status == 0)
      #expect(try !place.isAllowed("127.0.0.67"))
      _ = try PolicyTests.decisions(of: daemon, 1)
      let decisions = try place.run(["policy", "decisions", "--json", "--socket", daemon.socket])
      #expect(decisions.status == 0 && decisions.output.contains("policy.decision"), "\(decisions.output)")

      // Where nobody is asked, it says so.
      let offline = try plan(first, "--offline")
      #expect(offline.status == 0 && offline.output.contains("the kernel's verifier was not asked: --offline"))
      daemon.end(SIGTERM)
    }
  }

  /// What the kernel would refuse, `plan` refuses for the same reason as `apply`.
  @Test func planAndApplyAgree() async throws {
    try await PolicyLifeTests.Place.with { place in
      let daemon = try place.daemon()
      let policy = """
        apiVersion: merops/v1
        kind: Policy
        metadata: {name: files}
        spec:
          rules:
            - {id: hosts, on: file.open, action: deny, subject: {cgroup: /no/such/group}}
        """
      let file = try place.file("files.yaml", Array(policy.utf8))
      let plan = try place.run(["policy", "plan", file, "--socket", daemon.socket])
      let apply = try place.run(["policy", "apply", file, "--socket", daemon.socket])
      #expect(plan.status == 1 && apply.status == 1)
      // On any kernel one of the two is missing: the hook, or the cgroup.
      #expect(plan.output == apply.output && plan.output.contains("hosts"), "\(plan.output)\n\(apply.output)")
      daemon.end(SIGTERM)
    }
  }

  private struct Plan: Decodable {
    static var decoder: JSONDecoder {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return decoder
    }

    struct Hook: Decodable {
      var name: String
      var rules: Int
      var instructions: Int
      var verifiedInstructions: Int?
      var memory: Int
      var milliseconds: Double
    }
    var verified: [Hook]?
  }
}
