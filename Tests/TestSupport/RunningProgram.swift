// SPDX-License-Identifier: Apache-2.0
public import Glibc

/// A process that is ended with its owner.
public final class RunningProgram {
  public let id: pid_t

  /// - Parameter output: the file that its standard output goes to.
  init(_ arguments: [String], output: String) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for argument in argv { free(argument) } }
    var id: pid_t = 0
    let error = posix_spawn(&id, arguments[0], &actions, nil, &argv, environ)
    guard error == 0 else {
      throw Shell.Failed(description: "\(arguments.joined(separator: " ")): \(String(cString: strerror(error)))")
    }
    self.id = id
  }

  deinit {
    kill(id, SIGKILL)
    while waitpid(id, nil, 0) < 0, errno == EINTR {}
  }
}
