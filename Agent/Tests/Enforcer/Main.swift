// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsEnforcement
import MeropsPolicy

/// `merops-enforcer CGROUP PINS FILE...` takes over what is pinned, and applies one file after the other, round and round,
/// with a line for each, until somebody ends it.
@main
enum Main {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 3 else { exit(64) }
    var sets: [PolicySet] = []
    for path in arguments[3...] {
      var sources = PolicySources()
      try sources.add(path: path)
      sets.append(try sources.set())
    }
    let enforcement = try Enforcement(cgroup: arguments[1], pins: arguments[2])
    for number in 0... {
      let applied = try enforcement.apply(sets[number % sets.count])
      let line = Array("\(applied.generation)\n".utf8)
      guard write(STDOUT_FILENO, line, line.count) == line.count else { exit(1) }
    }
  }
}
