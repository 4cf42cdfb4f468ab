// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl

struct PolicyCanaryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "canary",
    abstract: "Enforce a file's policies on a part of the processes, and only tell of the others.",
    discussion: """
      With --percent that part is made of sessions (setsid(2)): a process and all that it starts are in it or not, and stay so.
      Who is in it at 10 is in it at 20.

      EXAMPLES
        sudo merops policy canary web.yaml --cgroup /system.slice/nginx.service
        sudo merops policy canary web.yaml --percent 10
        merops policy decisions --follow         what is denied on the part, and would be denied on the others (audit)
        sudo merops policy promote web.yaml      enforce it on all
        sudo merops policy rollback              or not at all
      """)

  @Argument(help: "The file. Its name, without directories, names it from then on.", completion: .file())
  var file: String
  @Option(
    help: ArgumentHelp("The processes in this cgroup and below: a path below the root of cgroup v2.", valueName: "path")
  )
  var cgroup: String?
  @Option(help: "So many of a hundred sessions, from 1 to 99.")
  var percent: Int?
  @Option(
    help: ArgumentHelp("Roll it back after this time, unless it is confirmed: 60s, 10m.", valueName: "time"),
    completion: .list(["60s", "10m"]))
  var confirmWithin: String?
  @OptionGroup var agent: AgentOptions

  func validate() throws {
    guard (cgroup == nil) != (percent == nil) else {
      throw ValidationError("Say which part: either --cgroup PATH or --percent N.")
    }
    if let percent, !(1...99).contains(percent) {
      throw ValidationError("--percent has to be from 1 to 99: `merops policy apply` enforces on all.")
    }
    if let cgroup, !cgroup.hasPrefix("/") || cgroup.count < 2 {
      throw ValidationError("'\(cgroup)' is no path below the root of cgroup v2, such as /system.slice/nginx.service.")
    }
  }

  func run() throws {
    let part = cgroup.map { "cgroup=\(EventRequest.escaped($0))" } ?? "percent=\(percent ?? 0)"
    try PolicyApplyCommand.apply(file, "&mode=canary&\(part)", confirmWithin, agent)
  }
}

struct PolicyPromoteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote",
    abstract: "Enforce on all processes a file that is tried on a part, or that was applied to audit.",
    discussion: """
      EXAMPLES
        sudo merops policy promote web.yaml
      """)

  @Argument(help: "The file's name, as `merops policy list` shows it.")
  var file: String
  @OptionGroup var agent: AgentOptions

  func run() throws {
    PolicyCommand.tell(
      try agent.client.change(
        "POST", "/v1/policies/promote?file=\(EventRequest.escaped(file))", as: PolicyChange.self))
  }
}

extension PolicyCanary {
  /// As lists show it.
  var words: String { cgroup.map { "canary: \($0)" } ?? "canary: \(percent ?? 0)% of sessions" }
}
