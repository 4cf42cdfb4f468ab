// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The generated C says what the tables say.
@Suite struct GeneratedTests {
  @Test(.requires(.command("python3"))) func helpersAndKernelFunctionsAreAsTheirTablesSay() throws {
    let result = try Shell.run(["python3", "Tools/helpers/generate", "--check"])
    #expect(result.status == 0, "\(result.output)")
  }
}
