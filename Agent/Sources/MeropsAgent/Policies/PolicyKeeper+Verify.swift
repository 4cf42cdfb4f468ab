// SPDX-License-Identifier: Apache-2.0

import MeropsControl
import MeropsEnforcement
import MeropsPolicy

extension PolicyKeeper {
  /// Hands files to the verifier as if they counted, and drops them again.
  func verify(_ question: PolicyQuestion) throws(ControlError) -> PolicyVerification {
    do {
      let set = try Self.set(question.files)
      let verified = try privileged.run { [enforcement] in try enforcement.verify(set) }
      return PolicyVerification(
        hooks: verified.map { hook in
          PolicyVerification.Hook(
            name: hook.hook.name, place: hook.hook.place(hook.method), rules: hook.rules,
            instructions: hook.instructions,
            verifiedInstructions: hook.verifiedInstructions == 0 ? nil : hook.verifiedInstructions,
            memory: hook.memory, milliseconds: hook.loading / .milliseconds(1))
        })
    } catch let error as PolicyProblem {
      throw .badRequest(PolicySources(question.files.map { ($0.name, $0.text) }).described(error))
    } catch {
      throw .badRequest("\(error)")
    }
  }
}
