// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsControl

/// Programs that lie beside this one or in PATH.
enum Programs {
  /// The path of this program.
  static var own: String? {
    guard let path = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(path) }
    return String(cString: path)
  }

  /// What one types to run a verb of this program: with `sudo` but for root, and with the program's path where the shell does
  /// not find `merops`.
  static func typed(_ words: String) -> String {
    let isRoot = geteuid() == 0 && getenv("SUDO_USER") == nil
    return "\(isRoot ? "" : "sudo ")\(name) \(words)"
  }

  /// What the shell finds: `merops`, or else this program's path.
  static var name: String {
    let folders = getenv("PATH").map { String(cString: $0).split(separator: ":").map(String.init) } ?? []
    let isFound = folders.contains { access("\($0)/merops", X_OK) == 0 && access("\($0)/merops-agent", X_OK) == 0 }
    return isFound ? "merops" : CommandLine.arguments.first ?? "merops"
  }

  /// How an agent that serves a socket is started here.
  static func waysToStart(socket: String) -> String {
    if socket != ControlClient.defaultSocket { return typed("run --socket \(socket)") }
    let units = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"]
    let hasService =
      access("/run/systemd/system", F_OK) == 0 && units.contains { access("\($0)/merops.service", F_OK) == 0 }
    return typed("run") + (hasService ? ", or systemctl start merops" : "")
  }

  static func find(_ name: String) throws(ControlError) -> String {
    var folders: [String] = []
    if let own, let slash = own.lastIndex(of: "/") { folders.append(String(own[..<slash])) }
    folders += getenv("PATH").map { String(cString: $0).split(separator: ":").map(String.init) } ?? []
    for folder in folders where access("\(folder)/\(name)", X_OK) == 0 { return "\(folder)/\(name)" }
    throw ControlError(status: 0, message: "The program \(name) is neither beside this one nor in PATH.")
  }

  /// Becomes another program.
  static func become(_ path: String, _ arguments: [String]) throws(ControlError) -> Never {
    let words = ([path] + arguments).map { strdup($0) } + [nil]
    execv(path, words)
    throw ControlError(status: 0, message: "\(path) cannot be run: \(String(cString: strerror(errno)))")
  }

  /// Starts a program, with descriptors of this one as its input, output, error and descriptor 3, where they are given.
  static func start(
    _ path: String, _ arguments: [String], input: CInt? = nil, output: CInt? = nil, error: CInt? = nil,
    third: CInt? = nil
  ) throws(ControlError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    for (own, its) in [(input, STDIN_FILENO), (output, STDOUT_FILENO), (error, STDERR_FILENO), (third, 3)] {
      if let own { posix_spawn_file_actions_adddup2(&actions, own, its) }
    }
    // A group of its own: Ctrl-C at the terminal is for this program, which then ends that one.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    let words = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var pid: pid_t = 0
    let result = posix_spawn(&pid, path, &actions, &attributes, words, environ)
    guard result == 0 else {
      throw ControlError(status: 0, message: "\(path) cannot be started: \(String(cString: strerror(result)))")
    }
    return pid
  }
}
