// SPDX-License-Identifier: Apache-2.0

import MeropsModel

extension EventLine {
  mutating func describeKernel(_ event: Reading) {
    tone = .notable
    let name = event.text(.bpfName).flatMap { $0.isEmpty ? nil : $0 } ?? event.number(.bpfID).map { "id \($0)" } ?? "?"
    switch event.kind {
    case .moduleLoad:
      did = "loaded"
      what = "kernel module " + (event.text(.moduleName) ?? "?")
      outcome = "ok"
    case .bpfLoad:
      did = "loaded"
      what = "eBPF program " + name
      outcome = event.number(.bpfID).map { "id \($0)" } ?? ""
    case .bpfAttach:
      did = "attached"
      what = "eBPF program " + name
      outcome = event.number(.bpfID).map { "link id \($0)" } ?? ""
    case .bpfMap:
      did = "created"
      what = "eBPF map " + name
      outcome = event.number(.bpfID).map { "id \($0)" } ?? ""
    default: describeOther(event)
    }
    _ = fail(event)
  }

  /// What Merops says of itself has no other actor.
  mutating func describeAgent(_ event: Reading) {
    who = "merops"
    switch event.kind {
    case .agentStart: did = "started"
    case .agentStop: did = "stopped"
    case .agentLoss:
      did = "lost"
      what = Amount.count(event.number(.eventCount) ?? 0) + " events of class " + (event.text(.lossClass) ?? "?")
      tone = .failed
    default: describeOther(event)
    }
  }
}
