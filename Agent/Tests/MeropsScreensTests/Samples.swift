// SPDX-License-Identifier: Apache-2.0

public import MeropsModel
import MeropsScreens

/// An event of the process `sh(12)`, child of `bash(10)`, user 1000.
func sample(
  _ kind: EventKind, _ facts: [(Field, Value)] = [], process: [(Field, Value)] = [], id: UInt64 = 1, time: UInt64 = 0
) -> Event { sampleBatch(kind, facts, process: process, id: id, time: time)[0] }

func sampleBatch(
  _ kind: EventKind, _ facts: [(Field, Value)] = [], process: [(Field, Value)] = [], id: UInt64 = 1, time: UInt64 = 0
) -> EventBatch {
  let bash = sampleProcess(10, "bash", parent: nil)
  var own = Facts()
  for (field, value) in facts { own.append(field, value) }
  var builder = EventBatchBuilder()
  builder.append(
    kind, id: EventID(rawValue: id), time: time, by: sampleProcess(12, "sh", parent: bash, process), own)
  return builder.finish()
}

func sampleProcess(
  _ pid: UInt32, _ name: String, parent: MeropsModel.Process?, _ facts: [(Field, Value)] = []
) -> MeropsModel.Process {
  var all = Facts()
  all.append(.processID, UInt64(pid))
  all.append(.processName, .text(Text(name)))
  all.append(.processUser, UInt64(1000))
  for (field, value) in facts { all.append(field, value) }
  return MeropsModel.Process(
    key: ProcessKey(start: UInt64(pid), pid: pid), generation: 1, parent: parent, facts: all)
}

let noUsers = UserNames { $0 == 1000 ? "deploy" : $0 == 0 ? "root" : nil }

extension Value: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) { self = .text(Text(text)) }
}
