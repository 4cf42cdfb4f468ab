// SPDX-License-Identifier: Apache-2.0
import CTestSupport
import Glibc

/// Runs commands for a test. A child has the network namespace of the thread that starts it.
public enum Shell {
  public struct Result: Sendable {
    public var status: Int32
    /// Standard output; standard error is in it too unless the call separates them.
    public var output: String
  }

  public struct Failed: Error, CustomStringConvertible {
    public var description: String
    public init(description: String) { self.description = description }
  }

  /// Runs a command to its end.
  ///
  /// - Throws: `Failed` when it cannot be started.
  public static func run(_ arguments: [String], mergeErrors: Bool = true) throws -> Result {
    var pipe: [CInt] = [0, 0]
    guard pipe2(&pipe, O_CLOEXEC) == 0 else { throw Failed(description: "pipe2: \(String(cString: strerror(errno)))") }
    defer { close(pipe[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, pipe[1], 1)
    if mergeErrors { posix_spawn_file_actions_adddup2(&actions, pipe[1], 2) }

    let path = arguments.first.flatMap { $0.contains("/") ? $0 : commandPath($0) }
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    defer { for argument in argv { free(argument) } }
    argv.append(nil)
    var pid: pid_t = 0
    let error = path.map { posix_spawn(&pid, $0, &actions, nil, argv, environ) } ?? ENOENT
    close(pipe[1])
    guard error == 0 else {
      throw Failed(description: "\(arguments.joined(separator: " ")): \(String(cString: strerror(error)))")
    }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = read(pipe[0], &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      output += chunk[..<count]
    }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    return Result(status: code, output: String(decoding: output, as: UTF8.self))
  }

  /// Runs a command that must succeed.
  ///
  /// - Throws: `Failed` with what the command said.
  @discardableResult
  public static func check(_ arguments: [String]) throws -> String {
    let result = try run(arguments)
    guard result.status == 0 else {
      throw Failed(description: "\(arguments.joined(separator: " ")): status \(result.status): \(result.output)")
    }
    return result.output
  }

  /// The same with the arguments in one string, split at spaces.
  @discardableResult
  public static func check(_ command: String) throws -> String {
    try check(command.split(separator: " ").map(String.init))
  }

  /// Writes a shell script that can be run at once.
  ///
  /// By a child: while this process has it open for writing, programs that other tests start have it open, too, for a
  /// moment, and what somebody has open for writing cannot be run (ETXTBSY).
  public static func writeScript(_ text: String, at path: String) throws {
    try check(["sh", "-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$0\" && chmod 755 \"$0\"", path, text])
  }
}
