// SPDX-License-Identifier: Apache-2.0

import MeropsPolicyImport
import Testing

struct FalcoTests {
  private static let definitions = """
    - list: shells
      items: [bash, '"my sh"']
    - list: all_shells
      items: [shells, zsh]
    - macro: started
      condition: (evt.type in (execve, execveat) and evt.dir=<)
    - macro: opened_to_write
      condition: (evt.type in (open, openat, openat2) and evt.is_open_write=true and fd.typechar='f' and fd.num>=0)
    - macro: nobody
      condition: (evt.num=0)
    - macro: itself
      condition: (started and itself)
    - macro: more
      append: true
      condition: or proc.name = x

    """

  private static func rule(_ condition: String, _ more: String = "") -> String {
    definitions + """
      - rule: One
        desc: it is
        condition: >
          \(condition)
        output: x
        priority: ERROR
        tags: [mitre_execution, T1059]
        \(more)
      """
  }

  @Test(
    arguments: [
      ("started and proc.name in (all_shells)", [#"process.name in ["bash", "my sh", "zsh"]"#]),
      (
        "started and not nobody and proc.pname = sshd",
        [
          #"process.ancestors.exists(p, p.pid == process.parent_pid && (p.name == "sshd"))"#
        ]
      ),
      ("started and proc.aname exists and (proc.exepath startswith /tmp/ or proc.tty != 0)", nil),
      ("started and container.id != host and user.uid = 0", ["has(container.id) && process.user.id == 0u"]),
      ("started and not proc.name in (shells)", [#"!((has(process.name) && process.name in ["bash", "my sh"]))"#]),
      (
        "opened_to_write and fd.directory = /etc and not fd.name = \"/etc/a b\"",
        [
          #"!(has(event.errno)) && file.path.glob("/etc/*") && !((has(file.path) && file.path == "/etc/a b"))"#,
          #"math.bitAnd(file.flags, 3u) != 0u && !(has(event.errno)) && file.path.glob("/etc/*") && !((has(file.path) && file.path == "/etc/a b"))"#,
        ]
      ),
      (
        "evt.type in (unlink, unlinkat) and fs.path.name pmatch (/var/log)",
        [
          #"(file.path == "/var/log" || file.path.startsWith("/var/log/"))"#
        ]
      ),
      (
        "evt.type = connect and fd.typechar = 4 and fd.sip in (\"169.254.169.254\")",
        [
          #"destination.address in "0.0.0.0/0" && destination.address in ["169.254.169.254"]"#
        ]
      ),
    ] as [(String, [String]?)]) func conditionsAreTranslated(_ condition: String, _ expected: [String]?) throws
  {
    let result = try imported(Self.rule(condition), .falco)
    guard let expected else {
      // `exists` of any ancestor means nothing here.
      return
    }
    #expect(result.refused.isEmpty, "\(result.refused)")
    #expect(try conditions(Self.rule(condition), .falco) == expected)
    #expect(
      result.text.contains("severity: high") && result.text.contains("attack: {technique: T1059, tactic: 'execution'}"))
  }

  @Test(arguments: [
    ("started and proc.cmdline contains x", "field proc.cmdline"),
    ("started and proc.name regex x", "regular expressions"),
    ("started and proc.aname[3] = sshd", "field proc.aname[3]"), ("proc.name = x", "any system call"),
    ("evt.type = dup and proc.name = x", "system call dup"), ("evt.type = unlink and proc.name = x", "system calls"),
    ("started and unknown_macro", "macro"), ("started and itself", "form"), ("started and more", "append"),
    ("evt.type = connect and proc.name = x", "unix sockets"), ("started and nobody", "never"),
    ("started and (proc.name = x", "form"), ("started and proc.name = ", "form"), ("started and 'x'", "form"),
    ("started and tolower(proc.name) = x", "transformer"), ("started and user.name = www-data", "field user.name"),
  ]) func whatCannotBeSaidIsRefused(_ condition: String, _ cause: String) throws {
    let result = try imported(Self.rule(condition), .falco)
    #expect(result.refused.map(\.cause) == [cause] && result.text.isEmpty, "\(result.refused)")
  }

  @Test func rulesThatAreOffStayOff() throws {
    let result = try imported(Self.rule("started and proc.name = x", "enabled: false"), .falco)
    #expect(result.text.contains("mode: off"))
  }

  @Test(arguments: [
    ("append: true", "append"), ("source: k8s_audit", "source"),
    ("exceptions: [{name: a, fields: proc.name, values: [x]}]", "exceptions"),
  ]) func whatDependsOnMoreIsRefused(_ more: String, _ cause: String) throws {
    #expect(try imported(Self.rule("started and proc.name = x", more), .falco).refused.map(\.cause) == [cause])
  }
}
