// SPDX-License-Identifier: Apache-2.0

import MeropsControl
import MeropsPolicy

extension PolicySources {
  /// The files of a version, as they count.
  init(_ version: PolicyVersion) { self.init(version.files) }

  init(_ files: [PolicyVersion.File]) {
    self.init()
    for file in files {
      add(
        name: file.name, text: file.text, lists: file.lists ?? [:],
        treatment: Treatment(mode: file.mode, cgroup: file.canary?.cgroup, percent: file.canary?.percent))
    }
  }

  /// What counts in the agent; nothing where it enforces no policies.
  static func counting(_ client: ControlClient) throws(ControlError) -> PolicySources {
    PolicySources(try countingFiles(client) ?? [])
  }

  /// The files that count in the agent; nil where it enforces no policies.
  static func countingFiles(_ client: ControlClient) throws(ControlError) -> [PolicyVersion.File]? {
    do {
      guard let newest = try client.get("/v1/policies/history", as: [PolicyChange].self).last else { return [] }
      return try client.get("/v1/policies/versions/\(newest.version)", as: PolicyVersion.self).files
    } catch {
      guard error.status == 404 else { throw error }
      return nil
    }
  }

  /// The names of the texts, as `apply` names them.
  var appliedNames: Set<String> { Set(texts.map { Self.appliedName($0.name) }) }

  static func appliedName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
