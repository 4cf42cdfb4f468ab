// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import MeropsPolicy

/// Rules of other projects as policies: what can be said whole is, and of everything else it is told why not.
public struct PolicyImport: Sendable {
  /// Whose rules they are.
  public enum Origin: String, CaseIterable, Sendable {
    case sigma, falco, tetragon, kubearmor
  }

  public struct Options: Sendable {
    /// The policy's name; that of the origin if not given.
    public var name: String?
    /// Rules that deny or kill do it, and do not only tell.
    public var enforces = false
    /// Where the processes are that a rule selects by labels of Kubernetes: a directory below the root of cgroup v2, or `/`.
    public var cgroup: String?

    public init() {}
  }

  /// A rule that became one or more of ours.
  public struct Imported: Hashable, Sendable, Encodable {
    public var rule: String
    public var file: String
    public var line: Int
    public var ids: [String]
  }

  /// A rule that could not be said whole.
  public struct Refusal: Hashable, Sendable, Encodable {
    public var rule: String
    public var file: String
    public var line: Int
    /// A word or two, the same for rules that are refused for the same.
    public var cause: String
    /// A sentence without its full stop.
    public var reason: String
  }

  public private(set) var imported: [Imported] = []
  public private(set) var refused: [Refusal] = []
  /// The policy; empty where no rule was imported.
  public private(set) var text = ""

  /// - Parameter texts: files, in the order in which their definitions count. One that cannot be read is refused as a whole.
  public init(_ texts: [(name: String, text: String)], from origin: Origin, _ options: Options) {
    var found: [Found] = []
    var entries: [(PolicyNode, [String: PolicyNode])] = []
    for (name, text) in texts {
      do throws(PolicyProblem) {
        switch origin {
        case .sigma: found += try SigmaReader.rules(text, name)
        case .falco: entries += try FalcoReader.entries(text, name)
        case .tetragon: found += try TetragonReader.rules(text, name, cgroup: options.cgroup)
        case .kubearmor: found += try KubeArmorReader.rules(text, name, cgroup: options.cgroup)
        }
      } catch {
        found.append(
          Found("the file", name, error.place?.line ?? 1) { () throws(Refused) in throw Refused("file", error.message) }
        )
      }
    }
    found += FalcoReader.rules(entries)
    let name = options.name ?? origin.rawValue
    var ids: Set<String> = []
    var rules: [ImportedRule] = []
    for each in found {
      do throws(Refused) {
        var own: [ImportedRule] = []
        for var rule in try each.rules.get() {
          rule.id = Self.id(rule.title, &ids)
          try rule.check(policy: name, enforces: options.enforces)
          own.append(rule)
        }
        imported.append(
          Imported(rule: each.title, file: each.file, line: each.line, ids: own.map(\.id)))
        rules += own
      } catch {
        refused.append(
          Refusal(
            rule: each.title, file: each.file, line: each.line, cause: error.cause, reason: error.reason))
      }
    }
    if !rules.isEmpty {
      text = ImportedRule.policy(
        name, "Imported from \(origin.rawValue): \(imported.count) of \(found.count) rules", rules,
        enforces: options.enforces)
    }
  }

  /// A rule of a file, and what became of it.
  struct Found {
    var title: String
    var file: String
    var line: Int
    var rules: Result<[ImportedRule], Refused>

    init(_ title: String, _ place: Rule.Place, _ body: () throws(Refused) -> [ImportedRule]) {
      self.init(title, place.file, place.line, body)
    }

    init(_ title: String, _ file: String, _ line: Int, _ body: () throws(Refused) -> [ImportedRule]) {
      (self.title, self.file, self.line) = (title, file, line)
      do throws(Refused) { rules = .success(try body()) } catch { rules = .failure(error) }
    }
  }

  /// A name of letters, digits and `-`, which no rule has yet.
  private static func id(_ title: String, _ taken: inout Set<String>) -> String {
    let words = title.lowercased().split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
    let base = String(words.joined(separator: "-").prefix(56))
    var id = base.isEmpty ? "rule" : base
    var number = 1
    while !taken.insert(id).inserted {
      number += 1
      id = "\(base.isEmpty ? "rule" : base)-\(number)"
    }
    return id
  }
}
