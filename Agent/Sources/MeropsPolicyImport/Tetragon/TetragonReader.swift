// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import MeropsPolicy

/// Policies of Tetragon (tetragon.io/docs/concepts/tracing-policy): each hook of one becomes a rule.
enum TetragonReader {
  static func rules(_ text: String, _ name: String, cgroup: String?) throws(PolicyProblem) -> [PolicyImport.Found] {
    var found: [PolicyImport.Found] = []
    for document in try PolicyFile.documents(text, name: name) {
      let keys = (try? document.values()) ?? [:]
      let kind = (try? keys["kind"]?.word()) ?? ""
      guard kind.hasPrefix("TracingPolicy"), let spec = try? keys["spec"]?.values() else {
        found.append(
          PolicyImport.Found("a document", document.place) { () throws(Refused) in
            throw Refused(
              "other document", "its kind has to be TracingPolicy, and is \(kind.isEmpty ? "not said" : kind)")
          })
        continue
      }
      let title = (try? keys["metadata"]?.values()["name"]?.word()) ?? name
      let selectsPods = kind != "TracingPolicy" || spec["podSelector"] != nil || spec["containerSelector"] != nil
      for section in spec.keys.sorted() {
        guard !["podSelector", "containerSelector", "options", "lists"].contains(section), let node = spec[section],
          let hooks = try? node.list()
        else { continue }
        for hook in hooks {
          let call = ["call", "hook", "event"].compactMap { try? hook.values()[$0]?.word() }.first ?? "?"
          found.append(
            PolicyImport.Found("\(title): \(section) \(call)", hook.place) { () throws(Refused) in
              if selectsPods, cgroup == nil { throw .kubernetes }
              var rule = try TetragonHook(section, hook).rule("\(title) \(call)")
              if selectsPods { rule.cgroup = cgroup }
              return [rule]
            })
        }
      }
    }
    return found
  }
}

extension Refused {
  /// Labels mean processes only where Kubernetes is asked.
  static let kubernetes = Refused(
    "labels of Kubernetes",
    "it selects pods or nodes by labels, which mean nothing here: say where those processes are by --cgroup")
}

/// A hook, with its selectors.
private struct TetragonHook {
  private let acts: [EventKind]
  /// What each event meets.
  private let base: Said
  /// By an argument's index.
  private let arguments: [Int: Argument]
  private let needsArguments: Bool
  private let selectors: [PolicyNode]
  private let message: String?

  private enum Argument {
    case path(String)
    /// An address and a port to connect to.
    case peer
  }

  private static let keys = [
    "call", "syscall", "hook", "args", "return", "returnArg", "message", "tags", "selectors",
  ]

  init(_ section: String, _ node: PolicyNode) throws(Refused) {
    let keys = try node.values()
    guard section == "kprobes" || section == "lsmhooks" else {
      throw Refused(section, "hooks are fixed here: there are none of \(section)")
    }
    for key in keys.keys.sorted() where !Self.keys.contains(key) {
      throw Refused("key", "the key `\(key)` cannot be translated")
    }
    let call = try (keys["call"] ?? keys["hook"])?.word() ?? ""
    let name = section == "lsmhooks" ? "security_\(call == "bprm_check_security" ? "bprm_check" : call)" : call
    var (base, needsArguments) = (Said.constant(true), false)
    switch name {
    case "security_file_open":
      (acts, arguments) = ([.fileOpen, .fileWrite], [0: .path("file.path")])
    case "fd_install":
      // Pipes and sockets get a descriptor, too: a path is what opens have alone.
      (acts, arguments, needsArguments) = ([.fileOpen, .fileWrite], [1: .path("file.path")], true)
    case "security_bprm_check": (acts, arguments) = ([.processExec], [0: .path("process.executable.path")])
    case "security_socket_connect": (acts, arguments, needsArguments) = ([.networkConnect], [1: .peer], true)
    case "tcp_connect":
      (acts, arguments) = ([.networkConnect], [0: .peer])
      base = .test("network.transport == \"tcp\"", of: "network.transport")
    case "inet_csk_listen_start": (acts, arguments) = ([.networkListen], [:])
    case "security_sb_mount": (acts, arguments) = ([.mount], [1: .path("file.path")])
    case "security_ptrace_access_check": (acts, arguments) = ([.processTrace], [:])
    case "do_init_module": (acts, arguments) = ([.moduleLoad], [:])
    case "bpf_check": (acts, arguments) = ([.bpfLoad], [:])
    default: throw Refused("hook", "no act here is that of `\(call)`")
    }
    (self.base, self.needsArguments) = (base, needsArguments)
    selectors = try keys["selectors"]?.list() ?? []
    message = try keys["message"]?.word()
  }

  func rule(_ title: String) throws(Refused) -> ImportedRule {
    var alternatives: [Said] = []
    var action: Action?
    for selector in selectors {
      let keys = try selector.values(of: ["matchArgs", "matchBinaries", "matchActions"])
      if needsArguments, keys["matchArgs"] == nil {
        throw Refused("hook", "without arguments it is about more than acts of this kind")
      }
      var parts: [Said] = []
      for match in try keys["matchArgs"]?.list() ?? [] { parts.append(try argument(match)) }
      for match in try keys["matchBinaries"]?.list() ?? [] { parts.append(try binaries(match)) }
      let own = try self.action(keys["matchActions"]?.list() ?? [])
      if let action, action != own {
        throw Refused("actions", "its selectors have different actions, and the first that matches counts")
      }
      action = own
      alternatives.append(.all(parts))
    }
    if needsArguments, selectors.isEmpty {
      throw Refused("hook", "without arguments it is about more than acts of this kind")
    }
    var rule = ImportedRule(
      title, on: acts, .all([base, selectors.isEmpty ? .constant(true) : .any(alternatives)]), action ?? .audit)
    rule.message = message
    // As an event, an open that creates a file is another act.
    if acts == [.fileOpen, .fileWrite] { rule.actsOfEvents = [.fileCreate] }
    return rule
  }

  private func action(_ nodes: [PolicyNode]) throws(Refused) -> Action {
    var actions: Set<Action> = []
    for node in nodes {
      let keys = try node.values(of: ["action", "argError", "kernelStackTrace", "userStackTrace"])
      switch try keys["action"]?.word().lowercased() {
      case "post": actions.insert(.audit)
      case "override":
        guard try keys["argError"]?.word() == "-1" else {
          throw Refused(
            "actions", "it overrides the result with another one than -1 (EPERM), with which acts are denied here")
        }
        actions.insert(.deny)
      case "sigkill":
        guard acts == [.processExec] else {
          throw Refused("Sigkill", "it kills who does the act: rules here kill new programs alone, and deny other acts")
        }
        actions.insert(.kill)
      case let other: throw Refused("actions", "the action \(other ?? "?") cannot be translated")
      }
    }
    if actions.count > 1 { actions.remove(.audit) }
    guard actions.count <= 1 else { throw Refused("actions", "it overrides the result and kills") }
    return actions.first ?? .audit
  }

  private func binaries(_ node: PolicyNode) throws(Refused) -> Said {
    let keys = try node.values(of: ["operator", "values"])
    return try Self.path(
      "process.executable.path", try keys["operator"]?.word() ?? "", try keys["values"]?.words() ?? [])
  }

  private func argument(_ node: PolicyNode) throws(Refused) -> Said {
    let keys = try node.values(of: ["index", "operator", "values"])
    guard let index = Int(try keys["index"]?.word() ?? ""), let argument = arguments[index] else {
      throw Refused("argument", "the argument \(try keys["index"]?.word() ?? "?") of the function is no field here")
    }
    let (name, values) = (try keys["operator"]?.word() ?? "", try keys["values"]?.words() ?? [])
    switch argument {
    case .path(let field): return try Self.path(field, name, values)
    case .peer: return try Self.peer(name, values)
    }
  }

  private static func path(_ field: String, _ name: String, _ values: [String]) throws(Refused) -> Said {
    guard !values.isEmpty else { throw Refused("form", "`\(name)` has no values") }
    switch name {
    case "Equal", "In": return field.is(in: values)
    case "NotEqual", "NotIn": return .not(field.is(in: values))
    case "Prefix": return .any(values.map { .test("\(field).startsWith(\($0.quoted))", of: field) })
    case "NotPrefix": return .not(.any(values.map { .test("\(field).startsWith(\($0.quoted))", of: field) }))
    case "Postfix": return .any(values.map { .test("\(field).endsWith(\($0.quoted))", of: field) })
    case "NotPostfix": return .not(.any(values.map { .test("\(field).endsWith(\($0.quoted))", of: field) }))
    default: throw Refused("operator", "`\(name)` cannot be asked of `\(field)`")
    }
  }

  private static func peer(_ name: String, _ values: [String]) throws(Refused) -> Said {
    let isNegated = name.hasPrefix("Not")
    let said: Said
    switch name {
    case "DAddr", "NotDAddr":
      for value in values where AddressBlock(value) == nil {
        throw Refused("form", "`\(value)` is not an address, or a block of them")
      }
      let list = values.map(\.quoted).joined(separator: ", ")
      said = .test("destination.address in [\(list)]", of: "destination.address")
    case "DPort", "NotDPort":
      var ports: [Said] = []
      for value in values { ports.append(try port(value)) }
      said = .any(ports)
    case "DPortPriv": said = .test("destination.port < 1024u", of: "destination.port")
    case "Protocol":
      let names = try known(values, ["IPPROTO_TCP": "tcp", "TCP": "tcp", "IPPROTO_UDP": "udp", "UDP": "udp"])
      said = "network.transport".is(in: names)
    case "Family":
      let blocks = try known(
        values, ["AF_INET": "0.0.0.0/0", "INET": "0.0.0.0/0", "AF_INET6": "::/0", "INET6": "::/0"])
      said = .any(blocks.map { .test("destination.address in \($0.quoted)", of: "destination.address") })
    default: throw Refused("operator", "`\(name)` cannot be asked of an address here")
    }
    return isNegated ? .not(said) : said
  }

  private static func known(_ values: [String], _ meanings: [String: String]) throws(Refused) -> [String] {
    var result: [String] = []
    for value in values {
      guard let meaning = meanings[value.uppercased()] else { throw Refused("form", "`\(value)` cannot be translated") }
      result.append(meaning)
    }
    return result
  }

  /// A port, or a range of them.
  private static func port(_ text: String) throws(Refused) -> Said {
    let parts = text.split(separator: ":").map { UInt16($0) }
    switch parts.count {
    case 1:
      if let port = parts[0] { return .test("destination.port == \(port)u", of: "destination.port") }
    case 2:
      if let first = parts[0], let last = parts[1], first <= last {
        return .test("(destination.port >= \(first)u && destination.port <= \(last)u)", of: "destination.port")
      }
    default: break
    }
    throw Refused("form", "`\(text)` is not a port, or a range of them")
  }
}
