// SPDX-License-Identifier: Apache-2.0

import MeropsControl
import MeropsPolicy

extension PolicySources {
  /// The files of a version, as they count.
  init(_ version: PolicyVersion) {
    self.init()
    for file in version.files {
      add(
        name: file.name, text: file.text, lists: file.lists ?? [:],
        treatment: Treatment(mode: file.mode, cgroup: file.canary?.cgroup, percent: file.canary?.percent))
    }
  }

  /// What counts in the agent; nothing where it enforces no policies.
  static func counting(_ client: ControlClient) throws(ControlError) -> PolicySources {
    do {
      guard let newest = try client.get("/v1/policies/history", as: [PolicyChange].self).last else {
        return PolicySources()
      }
      return PolicySources(try client.get("/v1/policies/versions/\(newest.version)", as: PolicyVersion.self))
    } catch {
      guard error.status == 404 else { throw error }
      return PolicySources()
    }
  }

  /// The names of the texts, as `apply` names them.
  var appliedNames: Set<String> {
    Set(texts.map { $0.name.split(separator: "/").last.map(String.init) ?? $0.name })
  }
}
