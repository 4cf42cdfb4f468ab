// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import MeropsPolicy

/// Policies of KubeArmor (docs.kubearmor.io): each path and directory of one becomes a rule.
enum KubeArmorReader {
  static func rules(_ text: String, _ name: String, cgroup: String?) throws(PolicyProblem) -> [PolicyImport.Found] {
    var found: [PolicyImport.Found] = []
    for document in try PolicyFile.documents(text, name: name) {
      let keys = (try? document.values()) ?? [:]
      let kind = (try? keys["kind"]?.word()) ?? ""
      guard kind.hasPrefix("KubeArmor"), let spec = try? keys["spec"]?.values() else {
        found.append(
          PolicyImport.Found("a document", document.place) { () throws(Refused) in
            throw Refused(
              "other document", "its kind has to be KubeArmorPolicy, and is \(kind.isEmpty ? "not said" : kind)")
          })
        continue
      }
      let title = (try? keys["metadata"]?.values()["name"]?.word()) ?? name
      // The labels of a host policy say which machines it is for: it is imported on one of them.
      let isOfHost = kind == "KubeArmorHostPolicy"
      let common = KubeArmorCommon(title: title, spec: spec, cgroup: isOfHost ? "/" : cgroup)
      for section in spec.keys.sorted() {
        switch section {
        case "severity", "tags", "message", "selector", "nodeSelector", "action": continue
        case "process", "file": break
        default:
          found.append(
            PolicyImport.Found("\(title): \(section)", spec[section]?.place ?? document.place) { () throws(Refused) in
              throw Refused(section, "rules of \(section) deny what Merops has no act for")
            })
          continue
        }
        guard let blocks = try? spec[section]?.keys() else { continue }
        let own = blocks.first { $0.key.name == "action" }?.value
        for (key, value) in blocks where !["action", "severity", "tags", "message"].contains(key.name) {
          for entry in (try? value.list()) ?? [] {
            let what = ["path", "dir", "pattern"].compactMap { try? entry.values()[$0]?.word() }.first ?? key.name
            found.append(
              PolicyImport.Found("\(title): \(section) \(what)", entry.place) { () throws(Refused) in
                [try common.rule(section, key.name, entry, own)]
              })
          }
        }
      }
    }
    return found
  }
}

/// What a policy says of all its entries.
private struct KubeArmorCommon {
  var title: String
  var spec: [String: PolicyNode]
  /// Where the processes are that it selects; nil where nobody has said it.
  var cgroup: String?

  func rule(_ section: String, _ form: String, _ node: PolicyNode, _ action: PolicyNode?) throws(Refused)
    -> ImportedRule
  {
    guard let cgroup else { throw .kubernetes }
    guard ["matchPaths", "matchDirectories"].contains(form) else {
      throw Refused(form, "`\(form)` has patterns of its own, which cannot be translated")
    }
    let keys = try node.values(of: [
      "path", "dir", "recursive", "readOnly", "ownerOnly", "fromSource", "action", "severity", "tags", "message",
    ])
    if try keys["ownerOnly"]?.word() == "true" {
      throw Refused("ownerOnly", "it allows the owner of the file alone, whom rules cannot compare with the caller")
    }
    let field = section == "process" ? "process.executable.path" : "file.path"
    var parts: [Said] = []
    let what: String
    switch form {
    case "matchPaths":
      what = try keys["path"]?.word() ?? ""
      parts.append(field.is(in: [what]))
    default:
      what = try keys["dir"]?.word() ?? ""
      let folder = what.hasSuffix("/") ? what : what + "/"
      let isRecursive = try keys["recursive"]?.word() == "true"
      let pattern = String(folder.flatMap { "*?\\".contains($0) ? ["\\", $0] : [$0] }) + "*"
      parts.append(
        .test(isRecursive ? "\(field).startsWith(\(folder.quoted))" : "\(field).glob(\(pattern.quoted))", of: field))
    }
    if let source = keys["fromSource"] {
      guard section == "file" else {
        throw Refused("fromSource", "it asks which program starts the other one, which rules do not know of an exec")
      }
      var programs: [String] = []
      for each in try source.list() { programs.append(try each.values(of: ["path"])["path"]?.word() ?? "") }
      parts.append("process.executable.path".is(in: programs))
    }
    let isReadOnly = try keys["readOnly"]?.word() == "true"
    let changes: [EventKind] = [
      .fileWrite, .fileCreate, .fileUnlink, .fileRename, .fileLink, .fileSymlink, .fileMode,
    ]
    let acts = section == "process" ? [.processExec] : isReadOnly ? changes : [.fileOpen] + changes
    var rule = ImportedRule(
      "\(title) \(what)", on: acts, .all(parts), try self.action(keys["action"] ?? action ?? spec["action"]))
    rule.cgroup = cgroup
    rule.message = try (keys["message"] ?? spec["message"])?.word() ?? "\(title): \(what)"
    let number = try (keys["severity"] ?? spec["severity"]).flatMap { (node) throws(Refused) in Int(try node.word()) }
    rule.severity = number.map { $0 <= 3 ? .low : $0 <= 6 ? .medium : $0 <= 8 ? .high : .critical }
    let attack = AttackTags(try spec["tags"]?.words() ?? [])
    (rule.technique, rule.tactic) = (attack.technique, attack.tactic)
    return rule
  }

  private func action(_ node: PolicyNode?) throws(Refused) -> Action {
    switch try node?.word() ?? "Block" {
    case "Block": return .deny
    case "Audit": return .audit
    case "Allow":
      throw Refused(
        "Allow", "`Allow` means that everything else is denied or told, which a setting outside of the file decides")
    case let other: throw Refused("form", "the action `\(other)` cannot be translated")
    }
  }
}
