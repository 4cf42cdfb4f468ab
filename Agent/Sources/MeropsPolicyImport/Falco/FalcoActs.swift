// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// Which acts a condition of Falco's is about, and what it says of each.
struct FalcoActs {
  var kind: EventKind
  /// The system calls that lead to the act. Acts are not told apart by system call: a condition has to mean all of them.
  var calls: [String]
  /// Those that some kernels do not have, and conditions may leave out.
  var rareCalls: [String] = []

  private static let all: [FalcoActs] = [
    FalcoActs(kind: .processExec, calls: ["execve"], rareCalls: ["execveat"]),
    FalcoActs(kind: .fileOpen, calls: ["open", "openat"], rareCalls: opens),
    FalcoActs(kind: .fileWrite, calls: ["open", "openat"], rareCalls: opens),
    FalcoActs(kind: .fileCreate, calls: ["open", "openat"], rareCalls: opens),
    FalcoActs(kind: .fileUnlink, calls: ["unlink", "unlinkat"], rareCalls: ["rmdir"]),
    FalcoActs(kind: .fileRename, calls: ["rename", "renameat"], rareCalls: ["renameat2"]),
    FalcoActs(kind: .fileLink, calls: ["link", "linkat"]),
    FalcoActs(kind: .fileSymlink, calls: ["symlink", "symlinkat"]),
    FalcoActs(kind: .fileMode, calls: ["chmod", "fchmod", "fchmodat"], rareCalls: ["fchmodat2"]),
    FalcoActs(kind: .fileOwner, calls: ["chown", "fchown", "fchownat"], rareCalls: ["lchown"]),
    FalcoActs(kind: .mount, calls: ["mount"]),
    FalcoActs(kind: .unmount, calls: ["umount2"], rareCalls: ["umount"]),
    FalcoActs(kind: .processSignal, calls: ["kill"], rareCalls: ["tkill", "tgkill"]),
    FalcoActs(kind: .moduleLoad, calls: ["finit_module", "init_module"]),
    FalcoActs(kind: .networkConnect, calls: ["connect"]),
    FalcoActs(kind: .networkAccept, calls: ["accept", "accept4"]),
    FalcoActs(kind: .networkListen, calls: ["listen"]),
    FalcoActs(kind: .networkBind, calls: ["bind"]),
  ]
  private static let opens = ["openat2", "open_by_handle_at", "creat"]

  /// The acts that a condition is about, and the rest of the condition: acts of the same rest together.
  static func said(_ test: FalcoTest) throws(Refused) -> [(acts: [EventKind], said: Said)] {
    let named = Set(test.checks.filter { $0.field == "evt.type" }.flatMap(\.values))
    guard !named.isEmpty else { throw Refused("any system call", "it does not say which system calls it is about") }
    let known = Set(all.flatMap { $0.calls + $0.rareCalls })
    if let other = named.subtracting(known).sorted().first {
      throw Refused("system call \(other)", "no event here tells of the system call `\(other)` as such")
    }
    var result: [(acts: [EventKind], said: Said)] = []
    for act in all where !named.isDisjoint(with: act.calls + act.rareCalls) {
      let said = try act.said(test)
      if said == .constant(false) { continue }
      if act.kind == .networkConnect || act.kind == .networkBind, !test.checks.contains(where: Self.isOfInternet) {
        throw Refused("unix sockets", "it may be about unix sockets, too, for which there are other events")
      }
      if let index = result.firstIndex(where: { $0.said == said }) {
        result[index].acts.append(act.kind)
      } else {
        result.append(([act.kind], said))
      }
    }
    guard !result.isEmpty else { throw Refused("never", "it never holds") }
    return result
  }

  private static func isOfInternet(_ check: FalcoCheck) -> Bool {
    ["fd.typechar", "fd.type", "fd.l4proto", "fd.sip", "fd.rip", "fd.snet", "fd.rnet", "fd.sport", "fd.rport"]
      .contains(check.field)
  }

  /// What a condition says of the act.
  private func said(_ test: FalcoTest) throws(Refused) -> Said {
    let said = try self.said(test, calls[0]).simplified
    for call in calls.dropFirst() where try self.said(test, call).simplified != said {
      throw Refused("system calls", "it tells `\(calls[0])` from `\(call)`, which are the same act here")
    }
    return said
  }

  private func said(_ test: FalcoTest, _ call: String) throws(Refused) -> Said {
    switch test {
    case .all(let parts):
      // What is about other system calls need not be understood.
      var said: [Said] = []
      var refusal: Refused?
      for part in parts {
        do throws(Refused) {
          let each = try self.said(part, call).simplified
          if each == .constant(false) { return each }
          said.append(each)
        } catch { refusal = refusal ?? error }
      }
      if let refusal { throw refusal }
      return .all(said)
    case .any(let parts):
      var said: [Said] = []
      for part in parts { said.append(try self.said(part, call)) }
      return .any(said)
    case .not(let part): return .not(try self.said(part, call))
    case .check(let check):
      if let said = try ofEvent(check, call) { return said }
      return try FalcoField.said(check, kind)
    }
  }

  /// What is known by the act alone.
  private func ofEvent(_ check: FalcoCheck, _ call: String) throws(Refused) -> Said? {
    let isEqual = check.comparison == "=" || check.comparison == "in"
    let isEquality = isEqual || check.comparison == "!="
    func equals(_ values: Set<String>) -> Said {
      .constant(!values.isDisjoint(with: check.values) == isEqual)
    }
    let isOpen = [.fileOpen, .fileWrite, .fileCreate].contains(kind)
    switch check.field {
    case "evt.type" where isEquality: return equals([call])
    case "evt.dir" where isEquality: return equals(["<"])
    // What macros that are to be filled in stand for.
    case "evt.num" where check.values == ["0"]:
      return check.comparison == "=" ? .constant(false) : check.comparison == ">=" ? .constant(true) : nil
    case "evt.is_open_write" where isOpen: return try Self.truth(check, isWritten)
    case "evt.is_open_read" where isOpen: return try Self.truth(check, isRead)
    case "evt.is_open_create" where isOpen: return try Self.truth(check, .constant(kind == .fileCreate))
    case "fd.num" where isOpen && check.comparison == ">=" && check.values == ["0"],
      "evt.failed" where check.values == ["false"],
      "evt.rawres" where [">=", "="].contains(check.comparison) && check.values == ["0"],
      "evt.res" where check.comparison == "=" && ["0", "SUCCESS"].contains(check.values.first ?? ""):
      return .not(.test("has(event.errno)", of: nil))
    case "fd.num"
    where isOpen
      && (check.comparison == "<" && check.values == ["0"] || check.comparison == "=" && check.values == ["-1"]),
      "evt.failed" where check.values == ["true"], "evt.rawres" where check.comparison == "<" && check.values == ["0"]:
      return .test("has(event.errno)", of: nil)
    case "fd.typechar" where isEquality && isOpen: return equals(["f"])
    case "fd.type" where isEquality && isOpen: return equals(["file"])
    case "fd.typechar", "fd.type": return try family(check, isEqual)
    default: return nil
    }
  }

  /// Whether the access mode of the flags allows writing.
  private var isWritten: Said {
    switch kind {
    case .fileOpen: .constant(false)
    case .fileWrite: .constant(true)
    default: .test("math.bitAnd(file.flags, 3u) != 0u", of: nil)
    }
  }

  private var isRead: Said {
    switch kind {
    case .fileOpen: .constant(true)
    default: .test("math.bitAnd(file.flags, 3u) != 1u", of: nil)
    }
  }

  private static func truth(_ check: FalcoCheck, _ said: Said) throws(Refused) -> Said {
    guard check.comparison == "=", let value = check.values.first.flatMap({ Bool($0) }) else {
      throw Refused("form", "`\(check.field)` is compared with something that is neither true nor false")
    }
    return value ? said : .not(said)
  }

  /// Which addresses a socket has.
  private func family(_ check: FalcoCheck, _ isEqual: Bool) throws(Refused) -> Said {
    let field: String
    switch kind {
    case .networkConnect: field = "destination.address"
    case .networkAccept, .networkListen, .networkBind: field = "source.address"
    default: throw Refused("field \(check.field)", "`\(check.field)` is not known of \(kind.name)")
    }
    let blocks = ["4": "0.0.0.0/0", "ipv4": "0.0.0.0/0", "6": "::/0", "ipv6": "::/0"]
    let said = Said.any(
      check.values.map { value in blocks[value].map { .test("\(field) in \($0.quoted)", of: field) } ?? .constant(false)
      }
    )
    return isEqual ? said : .not(said)
  }
}
