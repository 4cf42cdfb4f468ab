// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What one repetition cost. See CMeter.
struct Sample {
  var wall: Double
  var processor: Double
  var operations: Double
  var allocations: Double
  var memory: Double

  init?(line: String) {
    let fields = line.split(separator: " ").compactMap { Double($0) }
    guard fields.count == 5, fields[2] > 0 else { return nil }
    (wall, processor, operations, allocations, memory) = (fields[0], fields[1], fields[2], fields[3], fields[4])
  }
}

struct Failure: Error, CustomStringConvertible {
  var description: String
}

/// A process that does a repetition each time it is asked.
struct Peer: ~Copyable {
  private let process: pid_t
  private let requests: UnsafeMutablePointer<FILE>
  private let answers: UnsafeMutablePointer<FILE>
  private let name: String

  init(_ command: [String]) throws {
    name = command.joined(separator: " ")
    var toChild: [CInt] = [-1, -1]
    var fromChild: [CInt] = [-1, -1]
    guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw Failure(description: "making pipes") }
    // A peer must not hold the ends of another's pipes: it would never see the end of its input.
    for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer {
      close(toChild[0])
      close(fromChild[1])
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    var arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    let error = posix_spawn(&process, command[0], &actions, nil, &arguments, environ)
    guard error == 0, let requests = fdopen(toChild[1], "w"), let answers = fdopen(fromChild[0], "r") else {
      throw Failure(description: "starting \(name): \(String(cString: strerror(error)))")
    }
    self.process = process
    self.requests = requests
    self.answers = answers
  }

  func repetition() throws -> Sample {
    fputs("\n", requests)
    fflush(requests)
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, CInt(line.count), answers) != nil,
      let sample = Sample(line: String(decoding: line.prefix { $0 > 10 }.map { UInt8($0) }, as: UTF8.self))
    else { throw Failure(description: "\(name) did not answer") }
    return sample
  }

  deinit {
    fclose(requests)
    fclose(answers)
    waitpid(process, nil, 0)
  }
}
