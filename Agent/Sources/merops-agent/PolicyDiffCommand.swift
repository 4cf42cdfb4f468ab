// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsPolicy
import MeropsScreens

struct PolicyDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Show how two versions of the policies differ: rules, and lines of files.",
    discussion: """
      Without a version it is the one before and the one that counts; with one, that one and the one that counts.
      `merops policy plan FILE` compares files with what counts.

      EXAMPLES
        merops policy diff
        merops policy diff 3
        merops policy diff 3 5 --json
      """)

  @Argument(help: "The older version, as `merops policy history` numbers it.")
  var from: UInt64?
  @Argument(help: "The newer version.")
  var to: UInt64?
  @Flag(help: "As JSON.")
  var json = false
  @OptionGroup var agent: AgentOptions

  private struct Difference: Encodable {
    var from: UInt64
    var to: UInt64
    var changes: [PolicyPlan.Change]
    var files: [File]

    struct File: Encodable {
      var name: String
      /// Lines with `-` or `+` in front, in the order of the newer file.
      var lines: [String]
    }
  }

  func run() throws {
    let history = try agent.client.get("/v1/policies/history", as: [PolicyChange].self).map(\.version)
    guard let newest = history.last else { throw ControlError.notFound("No policies were applied yet.") }
    let new = try version(to ?? newest)
    let before = history.last { $0 < new.change.version }
    guard let number = from ?? before else { throw ControlError.notFound("There is no version before this one.") }
    let old = try version(number)
    var sources = PolicySources()
    var difference = Difference(from: number, to: new.change.version, changes: [], files: [])
    do throws(PolicyProblem) {
      sources = PolicySources(new)
      let after = try sources.set()
      sources = PolicySources(old)
      difference.changes = try PolicyPlan(after, before: try sources.set()).changes
    } catch {
      Output.note(sources.described(error))
      throw ExitCode(1)
    }
    for name in Set((old.files + new.files).map(\.name)).sorted() {
      let pair = [old, new].map { version in version.files.first { $0.name == name } }
      var lines = Self.lines(pair[0]?.text, pair[1]?.text)
      if let old = pair[0], let new = pair[1], old.mode != new.mode || old.canary != new.canary {
        let (before, now) = (old.canary?.words ?? old.mode, new.canary?.words ?? new.mode)
        lines.insert("applied to \(before ?? "enforce") before, to \(now ?? "enforce") now", at: 0)
      }
      if !lines.isEmpty { difference.files.append(Difference.File(name: name, lines: lines)) }
    }
    json ? try Output.json(difference) : Output.lines(Self.shown(difference))
  }

  private func version(_ number: UInt64) throws(ControlError) -> PolicyVersion {
    try agent.client.get("/v1/policies/versions/\(number)", as: PolicyVersion.self)
  }

  /// The lines that only one of the two has.
  private static func lines(_ old: String?, _ new: String?) -> [String] {
    func split(_ text: String?) -> [Substring] { text?.split(separator: "\n", omittingEmptySubsequences: false) ?? [] }
    return split(new).difference(from: split(old)).sorted { $0.offset < $1.offset }.map { change in
      switch change {
      case .remove(_, let line, _): "- \(line)"
      case .insert(_, let line, _): "+ \(line)"
      }
    }
  }

  private static func shown(_ difference: Difference) -> [String] {
    var lines = ["version \(difference.from) to version \(difference.to)"]
    if difference.files.isEmpty { return lines + ["the same"] }
    for change in difference.changes {
      lines.append(
        "\(change.kind.rawValue) \(change.rule)"
          + (change.keys.isEmpty ? "" : ": \(change.keys.joined(separator: ", "))"))
    }
    for file in difference.files { lines += ["", file.name] + file.lines.map(\.visible) }
    return lines
  }
}

extension CollectionDifference.Change {
  /// Where it is, in the collection that has it; what is removed first.
  fileprivate var offset: Int {
    switch self {
    case .remove(let offset, _, _): 2 * offset
    case .insert(let offset, _, _): 2 * offset + 1
    }
  }
}
