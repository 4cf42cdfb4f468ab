// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Runs a compiler and keeps its output.
enum Subprocess {
  /// Runs a program in a folder, to its end.
  ///
  /// - Returns: its exit status (128 and the signal's number if a signal ended it) and its output, errors included.
  static func run(
    _ path: String, _ arguments: [String], in folder: String
  ) throws(CompileError) -> (status: Int32, output: String) {
    guard access(path, X_OK) == 0 else { throw CompileError("running \(path): \(Files.reason)") }
    guard Files.isProgram(path) else { throw CompileError("running \(path): it is not a program") }
    // Not without symbolic links: a compiler looks at the name that it is called by.
    let path = Files.absolute(path, in: Files.resolved("."))
    // A file and not a pipe: no other child that is started meanwhile can keep it open.
    let work = try Files.temporaryFolder()
    defer { Files.remove(work) }
    let output = "\(work)/output"
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)

    // The shell changes the folder: posix_spawn can not, everywhere. What a compiler forgets goes with the work folder.
    let command =
      ["/bin/sh", "-c", "cd \"$0\" && export TMPDIR=\"$1\" && shift && exec \"$@\"", folder, work, path]
      + arguments
    var argv: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    defer { for argument in argv { free(argument) } }
    argv.append(nil)
    var pid: pid_t = 0
    let error = Leftovers.starting(&pid) { posix_spawn(&$0, "/bin/sh", &actions, $1, argv, environ) }
    defer { Leftovers.ended(pid) }
    guard error == 0 else { throw CompileError("\(path): \(String(cString: strerror(error)))") }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 {
      guard errno == EINTR else { throw CompileError("waiting for \(path): \(Files.reason)") }
    }
    let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    let text = try Files.text(output)
    // On a full disk even the compiler's words are lost.
    if code != 0, text.contains("No space left on device") || text.isEmpty && Files.isFull(work) {
      throw CompileError(
        [Diagnostic("the disk is full: make room, or name folders elsewhere in TMPDIR and XDG_CACHE_HOME")],
        compilerOutput: text.hasSuffix("\n") ? String(text.dropLast()) : text)
    }
    return (code, text)
  }
}
