// SPDX-License-Identifier: Apache-2.0

import MeropsPolicy
import MeropsPolicyImport
import Testing

func imported(
  _ text: String, _ origin: PolicyImport.Origin, _ options: PolicyImport.Options = PolicyImport.Options()
) throws -> PolicyImport {
  let result = PolicyImport([("rules.yaml", text)], from: origin, options)
  // What comes out is what `check` takes.
  if !result.text.isEmpty {
    let set = try PolicySet(PolicyFile.read(result.text, name: "out.yaml"))
    _ = try PolicyCompiler.offline.compile(set, generation: 1)
    #expect(Set(set.policies.flatMap(\.rules).map(\.id)) == Set(result.imported.flatMap(\.ids)))
  }
  return result
}

/// The conditions of the rules that come out; every rule has to.
func conditions(_ text: String, _ origin: PolicyImport.Origin) throws -> [String] {
  let result = try imported(text, origin)
  #expect(result.refused.isEmpty, "\(result.refused)")
  return result.text.split(separator: "\n").compactMap { (line) -> String? in
    let line = String(line.drop { $0 == " " })
    guard line.hasPrefix("match: '") else { return nil }
    return String(line.dropFirst(8).dropLast()).replacing("''", with: "'")
  }
}
