// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Programs that belong to merops and are not in it: `merops-NAME`, beside this one or in PATH.
enum Programs {
  static func find(_ name: String) -> String? {
    guard !name.contains("/") else { return nil }
    let own = realpath("/proc/self/exe", nil)
    defer { free(own) }
    let folder = own.map { String(cString: $0) }?.split(separator: "/").dropLast().joined(separator: "/")
    let search = getenv("PATH").map { String(cString: $0) }?.split(separator: ":").map(String.init) ?? []
    return ([folder.map { "/" + $0 }].compactMap { $0 } + search).map { "\($0)/merops-\(name)" }
      .first { access($0, X_OK) == 0 }
  }

  /// Becomes a program.
  static func become(_ program: String, _ arguments: [String]) throws -> Never {
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    execv(program, words)
    let error = errno
    for word in words { free(word) }
    throw Refusal("cannot run \(program): \(String(cString: strerror(error)))")
  }

  /// What a program writes to standard output; nil if it cannot be run.
  static func output(of program: String, _ arguments: [String]) -> String? {
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    for end in ends { posix_spawn_file_actions_addclose(&actions, end) }
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var pid: pid_t = 0
    let result = posix_spawn(&pid, program, &actions, nil, words, environ)
    close(ends[1])
    guard result == 0 else { return nil }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(ends[0], &buffer, buffer.count), count > 0 { text += buffer.prefix(count) }
    var status: CInt = 0
    waitpid(pid, &status, 0)
    return status == 0 ? String(decoding: text, as: UTF8.self) : nil
  }
}

/// The verbs of the agent, which is a program of its own. It is asked only where merops does not know a verb, and for help.
enum AgentVerbs {
  static let program = "agent"

  static var all: [(name: String, summary: String)] {
    guard let path = Programs.find(program), let list = Programs.output(of: path, ["--list-verbs"]) else { return [] }
    return list.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
      return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
  }

  /// For the help, in the form of the other verbs.
  static var help: String {
    let verbs = all
    guard !verbs.isEmpty else { return "" }
    return "\n\nAGENT SUBCOMMANDS:\n"
      + verbs.map { "  \($0.name)\(String(repeating: " ", count: max(22 - $0.name.count, 1)))  \($0.summary)" }
      .joined(separator: "\n")
  }
}
