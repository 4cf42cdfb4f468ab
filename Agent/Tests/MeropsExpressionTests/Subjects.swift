// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// An exit of `/usr/bin/curl -fsS URL`, by user 1000, started by bash, which sshd started, which init started.
func subject(cutPath: Bool = false) -> Event {
  func process(_ pid: UInt32, _ path: String, _ parent: Process?, arguments: [Text] = [], isCut: Bool = false)
    -> Process
  {
    var facts = Facts()
    facts.append(.processID, UInt64(pid))
    facts.append(.processExecutable, .text(Text(Array(path.utf8), isCut: isCut)))
    facts.append(.processUser, UInt64(pid == 1 ? 0 : 1000))
    facts.append(.processExecutableIsDeleted, false)
    if !arguments.isEmpty { facts.append(.processArguments, .texts(arguments)) }
    return Process(key: ProcessKey(start: UInt64(pid), pid: pid), generation: 0, parent: parent, facts: facts)
  }
  let initial = process(1, "/usr/lib/systemd/systemd", nil)
  let shell = process(812, "/usr/bin/bash", process(640, "/usr/sbin/sshd", initial))
  let curl = process(
    4711, "/usr/bin/curl", shell, arguments: ["curl", "-fsS", "https://pkg.example/i.sh"], isCut: cutPath)
  var builder = EventBatchBuilder()
  var facts = Facts()
  facts.append(.exitCode, Int64(-7))
  facts.append(.exitDuration, UInt64.max)
  builder.append(.processExit, id: EventID(rawValue: 1), time: 1_000_000, by: curl, facts)
  return builder.finish()[0]
}
