// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// What Falco's fields are here.
enum FalcoField {
  private enum Form {
    case text(String)
    /// Of the process that started this one.
    case parent(String)
    /// Of some process before it.
    case ancestor(String)
    case number(String)
    case bool(String)
    case address(String)
    case user
    case loginUser
    case container
    case terminal
    case directory(String)
    case fileName(String)
  }

  private static func form(_ check: FalcoCheck, _ kind: EventKind) -> Form? {
    let isOpen = [.fileOpen, .fileWrite, .fileCreate].contains(kind)
    if let argument = check.argument {
      return argument == "1" && check.field == "proc.aname" ? .parent("name") : nil
    }
    switch check.field {
    case "proc.name": return .text("process.name")
    case "proc.exe": return .text("process.command_args[0]")
    case "proc.exepath": return .text("process.executable.path")
    case "proc.pname": return .parent("name")
    case "proc.pexe": return .parent("command_args[0]")
    case "proc.pexepath": return .parent("executable.path")
    case "proc.aname": return .ancestor("name")
    case "proc.aexepath": return .ancestor("executable.path")
    case "proc.pid": return .number("process.pid")
    case "proc.ppid": return .number("process.parent_pid")
    case "proc.vpid": return .number("process.vpid")
    case "proc.tty": return .terminal
    case "proc.is_exe_upper_layer": return .bool("process.executable.upper_layer")
    case "proc.is_exe_from_memfd": return .bool("process.executable.memfd")
    case "user.uid": return .number("process.user.id")
    case "user.name": return .user
    case "user.loginuid": return .loginUser
    case "container.id": return .container
    case "container.name": return .text("container.name")
    case "fd.name" where isOpen: return .text("file.path")
    case "fd.directory" where isOpen: return .directory("file.path")
    case "fd.filename" where isOpen: return .fileName("file.path")
    case "fs.path.name" where kind == .fileUnlink || kind == .fileMode || kind == .fileOwner || isOpen:
      return .text("file.path")
    case "fs.path.source" where kind == .fileRename: return .text("file.path")
    case "fs.path.target" where kind == .fileRename: return .text("file.target_path")
    case "fd.l4proto" where kind == .networkConnect: return .text("network.transport")
    case "fd.sip", "fd.rip", "fd.snet", "fd.rnet":
      return kind == .networkConnect ? .address("destination.address") : nil
    case "fd.sport", "fd.rport": return kind == .networkConnect ? .number("destination.port") : nil
    default: return nil
    }
  }

  static func said(_ check: FalcoCheck, _ kind: EventKind) throws(Refused) -> Said {
    let written = check.argument.map { "\(check.field)[\($0)]" } ?? check.field
    guard let form = form(check, kind) else {
      throw Refused("field \(written)", "events of \(kind.name) have no `\(written)` here")
    }
    switch form {
    case .text(let field): return try text(check, field, of: field.hasSuffix("]") ? "process.command_args" : field)
    case .parent(let field):
      let condition = try text(check, "p.\(field)", of: nil).simplified.text
      return .test("process.ancestors.exists(p, p.pid == process.parent_pid && (\(condition)))", of: nil)
    case .ancestor(let field):
      // With `!=`, no ancestor has the name.
      var asked = check
      if check.comparison == "!=" { asked.comparison = "=" }
      let said = Said.test(
        "process.ancestors.exists(p, \(try text(asked, "p.\(field)", of: nil).simplified.text))", of: nil)
      return check.comparison == "!=" ? .not(said) : said
    case .number(let field): return try number(check, field)
    case .bool(let field):
      let isTrue = try value(check, ["true": true, "false": false, "1": true, "0": false])
      return isTrue ? .test(field, of: field) : .not(.test(field, of: field))
    case .address(let field):
      let isEqual = try isEqual(check)
      for value in check.values where AddressBlock(value) == nil {
        throw Refused("form", "`\(value)` is not an address, or a block of them")
      }
      let said = Said.test("\(field) in [\(check.values.map(\.quoted).joined(separator: ", "))]", of: field)
      return isEqual ? said : .not(said)
    case .user:
      let isEqual = try isEqual(check)
      guard check.values == ["root"] else {
        throw Refused(
          "field user.name", "users are known by number, and not all of \(check.values) have the same everywhere")
      }
      return .test("process.user.id \(isEqual ? "==" : "!=") 0u", of: "process.user.id")
    case .loginUser:
      guard check.values == ["-1"] else { return try number(check, "process.login_user.id") }
      let isThere = Said.test("has(process.login_user.id)", of: nil)
      return try isEqual(check) ? .not(isThere) : isThere
    case .container:
      let isThere = Said.test("has(container.id)", of: nil)
      return try value(check, ["host": true]) ? .not(isThere) : isThere
    case .terminal:
      let isThere = Said.test("has(process.tty)", of: nil)
      return try value(check, ["0": true]) ? .not(isThere) : isThere
    case .directory(let field):
      let isEqual = try isEqual(check)
      let said = Said.any(check.values.map { .test("\(field).glob(\("\(glob($0))/*".quoted))", of: field) })
      return isEqual ? said : .not(said)
    case .fileName(let field):
      if check.comparison == "startswith" {
        return .any(check.values.map { .test("\(field).glob(\("**/\(glob($0))*".quoted))", of: field) })
      }
      let isEqual = try isEqual(check)
      let said = Said.any(check.values.map { .test("\(field).endsWith(\("/\($0)".quoted))", of: field) })
      return isEqual ? said : .not(said)
    }
  }

  private static func isEqual(_ check: FalcoCheck) throws(Refused) -> Bool {
    switch check.comparison {
    case "=", "in": return true
    case "!=": return false
    default: throw Refused("comparison", "`\(check.field) \(check.comparison)` cannot be translated")
    }
  }

  /// Of a comparison with one value that has a meaning.
  private static func value(_ check: FalcoCheck, _ meanings: [String: Bool]) throws(Refused) -> Bool {
    guard check.values.count == 1, let meaning = meanings[check.values[0].lowercased()] else {
      throw Refused(
        "field \(check.field)",
        "`\(check.field)` can be compared with \(meanings.keys.sorted().joined(separator: ", ")) alone")
    }
    return try isEqual(check) == meaning
  }

  private static func number(_ check: FalcoCheck, _ field: String) throws(Refused) -> Said {
    var numbers: [String] = []
    for value in check.values {
      guard let number = UInt64(value) else { throw Refused("form", "`\(value)` is not a number for `\(check.field)`") }
      numbers.append("\(number)u")
    }
    switch check.comparison {
    case "in": return .test("\(field) in [\(numbers.joined(separator: ", "))]", of: field)
    case "=": return .test("\(field) == \(numbers[0])", of: field)
    case "!=", "<", "<=", ">", ">=": return .test("\(field) \(check.comparison) \(numbers[0])", of: field)
    default: throw Refused("comparison", "`\(check.field) \(check.comparison)` cannot be translated")
    }
  }

  private static func text(_ check: FalcoCheck, _ field: String, of name: String?) throws(Refused) -> Said {
    func any(_ condition: (String) throws(Refused) -> String) throws(Refused) -> Said {
      var parts: [Said] = []
      for value in check.values { parts.append(.test(try condition(value), of: name)) }
      return .any(parts)
    }
    switch check.comparison {
    case "=", "in":
      let values = check.values.map(\.quoted)
      return .test(
        values.count == 1 ? "\(field) == \(values[0])" : "\(field) in [\(values.joined(separator: ", "))]", of: name)
    case "!=": return .test("\(field) != \(check.values[0].quoted)", of: name)
    case "startswith": return try any { "\(field).startsWith(\($0.quoted))" }
    case "endswith": return try any { "\(field).endsWith(\($0.quoted))" }
    case "contains": return try any { "\(field).contains(\($0.quoted))" }
    case "icontains" where check.values.allSatisfy({ $0.unicodeScalars.allSatisfy(\.isASCII) }):
      return try any { "\(field).lowerAscii().contains(\($0.lowercased().quoted))" }
    case "pmatch":
      return try any { value throws(Refused) in
        guard !value.contains(where: { "*?[".contains($0) }) else {
          throw Refused("wildcards", "`\(value)` has wildcards of a shell's")
        }
        return
          "(\(field) == \(value.quoted) || \(field).startsWith(\((value.hasSuffix("/") ? value : value + "/").quoted)))"
      }
    case "glob":
      return try any { value throws(Refused) in
        guard !value.contains(where: { "?[\\".contains($0) }) else {
          throw Refused("wildcards", "`\(value)` has wildcards that stand for one character")
        }
        return "\(field).glob(\(value.replacing("*", with: "**").quoted))"
      }
    case "exists": return .test("has(\(name ?? field))", of: nil)
    case "regex":
      throw Refused(
        "regular expressions", "`\(check.field) regex` is a regular expression, which the language does not have")
    default: throw Refused("comparison", "`\(check.field) \(check.comparison)` cannot be translated")
    }
  }

  /// A text as a pattern has it.
  private static func glob(_ text: String) -> String {
    String(text.flatMap { "*?\\".contains($0) ? ["\\", $0] : [$0] })
  }
}
