// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import MeropsControl
import MeropsModel
import MeropsPolicy
import MeropsPolicyImport

struct PolicyImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a policy of rules of Sigma, Falco, Tetragon or KubeArmor. Needs no root and no agent.",
    discussion: """
      A rule is imported where it can be said whole; of each other one standard error says why not, and where it stands. The
      policy only tells (mode: audit), unless --enforce is given; rules of Sigma and Falco say what to tell, and not what to
      deny, and only tell in any case.

      EXAMPLES
        merops policy import --from sigma rules/linux/process_creation -o sigma.yaml
        merops policy import --from falco falco_rules.yaml mine.yaml > falco.yaml
        merops policy import --from tetragon policy.yaml --enforce
        merops policy import --from kubearmor policy.yaml --cgroup /kubepods.slice
        merops policy import --from falco falco_rules.yaml --json | jq '.refused[] | .cause' | sort | uniq -c
      """)

  @Option(
    help: "Whose rules they are: sigma, falco, tetragon, kubearmor.", completion: .list(Self.origins),
    transform: Self.origin)
  var from: PolicyImport.Origin
  @Argument(help: "Files, and directories of files that end in .yaml or .yml.", completion: .file())
  var paths: [String]
  @Option(name: .shortAndLong, help: "Write the policy into this file.", completion: .file())
  var output: String?
  @Option(help: "The policy's name; else whose rules they are.")
  var name: String?
  @Option(
    help: ArgumentHelp(
      "Where the processes are that rules select by labels of Kubernetes: a directory of cgroup v2, or / for all.",
      valueName: "directory"))
  var cgroup: String?
  @Flag(help: "Let rules that deny or kill do it.")
  var enforce = false
  @Flag(help: "What was imported and what was refused, and the policy, as JSON.")
  var json = false

  private static let origins = PolicyImport.Origin.allCases.map(\.rawValue)

  private static func origin(_ word: String) throws -> PolicyImport.Origin {
    if let origin = PolicyImport.Origin(rawValue: word) { return origin }
    let meant = Spelling.nearest(to: word, among: origins).map { "; did you mean \($0)?" } ?? "."
    throw ValidationError("There are rules of \(origins.joined(separator: ", ")), and not of '\(word)'\(meant)")
  }

  func run() throws {
    if enforce, from == .sigma || from == .falco {
      throw ValidationError(
        "Rules of \(from.rawValue) say what to tell, and not what to deny: import them without --enforce.")
    }
    if let cgroup, cgroup != "/", !Rule.isCgroup(cgroup) {
      throw ValidationError("'\(cgroup)' is not a directory below the root of cgroup v2, such as /kubepods.slice.")
    }
    var sources = PolicySources()
    var options = PolicyImport.Options()
    (options.name, options.cgroup, options.enforces) = (name, cgroup, enforce)
    do throws(PolicyProblem) {
      for path in paths { try sources.add(path: path) }
    } catch {
      Output.note(sources.described(error))
      throw ExitCode(1)
    }
    let result = PolicyImport(sources.texts, from: from, options)
    try tell(result)
    if result.imported.isEmpty { throw ExitCode(1) }
  }

  private func tell(_ result: PolicyImport) throws {
    if let output, !result.text.isEmpty {
      do { try Data(result.text.utf8).write(to: URL(filePath: output)) } catch {
        throw ControlError(status: 0, message: "\(output) cannot be written: \(error)")
      }
    }
    if json {
      try Output.json(
        Report(
          imported: result.imported, refused: result.refused, policy: output == nil ? result.text : nil))
    } else {
      if output == nil { Output.text(result.text) }
      for each in result.refused {
        Output.note("\(each.file):\(each.line): not imported: \(each.rule): \(each.reason)")
      }
    }
    Output.note("\(result.imported.count) of \(result.imported.count + result.refused.count) rules were imported")
  }

  private struct Report: Encodable {
    var imported: [PolicyImport.Imported]
    var refused: [PolicyImport.Refusal]
    var policy: String?
  }
}
