// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Starts a command now and then, so that there is something to see on a quiet machine.
struct Workload {
  private let commands = [
    ["/bin/true"], ["/bin/echo", "hello from merops"], ["/bin/ls", "-l", "/proc/self/fd"], ["/bin/sh", "-c", "exit 0"],
  ]
  private var next = 0
  private var due = ContinuousClock.now

  /// Runs the next command to its end and discards its output, if the last one was a while ago.
  mutating func step() {
    guard ContinuousClock.now >= due else { return }
    due = ContinuousClock.now + .milliseconds(400)
    let command = commands[next % commands.count]
    next += 1
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor: CInt in 0...2 {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    var arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    guard posix_spawn(&pid, command[0], &actions, nil, &arguments, environ) == 0 else { return }
    var status: CInt = 0
    waitpid(pid, &status, 0)
  }
}
