// SPDX-License-Identifier: Apache-2.0
import BPFValues
import MeropsModel

extension Reading {
  /// Takes what was done to another process, to the process's own rights, or to the kernel.
  mutating func takeAct(_ bytes: RawSpan, _ kind: EventKind) {
    guard let record: ActRecord = bytes.head() else { return }
    let process = process(record.header)
    facts.removeAll()
    switch kind {
    case .processCredentials:
      facts.append(.newUser, UInt64(record.first))
      facts.append(.newGroup, UInt64(record.second))
      facts.append(.newCapabilities, record.number)
    case .processSignal:
      describeTarget(record)
      facts.append(.signalNumber, UInt64(record.first))
    case .processTrace:
      describeTarget(record)
      facts.append(.traceRequest, record.number)
    case .processMemoryWrite: describeTarget(record)
    case .moduleLoad: if !record.name.isEmpty { appendText(.moduleName, record.name) }
    case .bpfLoad, .bpfMap, .bpfAttach:
      facts.append(.bpfCommand, UInt64(record.first))
      facts.append(.bpfType, UInt64(record.second))
      if kind != .bpfMap { facts.append(.bpfAttachType, UInt64(record.third)) }
      if record.number != 0 { facts.append(.bpfID, record.number) }
      if !record.name.isEmpty { appendText(.bpfName, record.name) }
    default: return
    }
    if record.error != 0 { facts.append(.eventError, UInt64(record.error)) }
    append(kind, record.header, by: process)
    if kind == .processCredentials {
      facts.append(.processUser, UInt64(record.first))
      facts.append(.processGroup, UInt64(record.second))
      facts.append(.processRealUser, UInt64(record.realUser))
      facts.append(.processRealGroup, UInt64(record.realGroup))
      facts.append(.processSavedUser, UInt64(record.savedUser))
      facts.append(.processCapabilities, record.number)
      change(process)
    }
  }

  private mutating func describeTarget(_ record: ActRecord) {
    facts.append(.targetID, UInt64(record.target))
    let known = table[record.target]
    if record.targetStart != 0 || known != nil {
      facts.append(.targetStart, record.targetStart != 0 ? record.targetStart : known?.key.start ?? 0)
    }
    if !record.name.isEmpty {
      appendText(.targetName, record.name)
    } else if let name = known?.facts[.processName] {
      facts.append(.targetName, name)
    }
  }
}
